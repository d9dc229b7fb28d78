// Named types of the routes about accounts: signing in, second factors, sessions, invitations; as types.ts names the others.
import type { components } from "./schema";
import type { Session } from "./types";

type Schemas = components["schemas"];
/** The server always writes optional values, as null; the generator cannot know and calls them absent. */
type Whole<Name extends keyof Schemas> = Required<Schemas[Name]>;

export type SignInOptions = Schemas["SignInOptions"];
export type SignInProvider = Schemas["ProviderSummary"];
export type SecondFactorStep = Schemas["SecondFactor"];
export type SecondFactorMethod = SecondFactorStep["methods"][number];
/** A first factor leads to a session or to the question for the second one. */
export type SignInAnswer = Session | { second_factor: SecondFactorStep };
export type ProviderAnswer = SignInAnswer | { linked: true };

export type RegisterRequest = Schemas["RegisterRequest"];
/** An invitation bound to the address makes the account at once; otherwise a mail is on its way. */
export type RegisterAnswer = Session | { state: string };

export type SignInSession = Schemas["OwnSession"];
export type SecondFactorState = Omit<Schemas["SecondFactorState"], "totp"> & { totp: Whole<"TotpState"> };
export type TotpEnrolment = Schemas["TotpEnrolment"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
/** Whoever changes how one signs in proves once more who it is: by password or by a code of the authenticator. */
export type Proof = { password?: string; code?: string };

export type Passkey = Whole<"Passkey">;
/** The options stay JSON until the browser reads them, see features/session/passkey.ts. */
export type PasskeyCeremony = Schemas["Ceremony"];

export type LinkedIdentity = Whole<"Identity">;
export type InvitationShown = Whole<"ShownInvitation">;
export type Avatar = Schemas["AvatarState"];
