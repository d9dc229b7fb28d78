// Types of the routes about accounts: signing in, second factors, sessions, invitations.
import type { Account, Language, Role, Session } from "./types";

export type ProviderKind = "oidc" | "telegram_widget";
export type SignInProvider = { id: string; kind: ProviderKind; name: string };
export type SignInOptions = {
  registration: "open" | "invitation" | "closed";
  is_mail_configured: boolean;
  providers: SignInProvider[];
  is_passkey_possible: boolean;
};

export type SecondFactorMethod = "totp" | "passkey" | "recovery_code";
export type SecondFactorStep = { token: string; methods: SecondFactorMethod[] };
/** A first factor leads to a session or to the question for the second one. */
export type SignInAnswer = Session | { second_factor: SecondFactorStep };

export type RegisterRequest = {
  email: string;
  password: string;
  name?: string;
  language?: Language;
  organization_name?: string;
  invitation_token?: string;
};
/** An invitation bound to the address makes the account at once; otherwise a mail is on its way. */
export type RegisterAnswer = Session | { state: "mail_sent" };

export type SignInSession = {
  id: string;
  device: string;
  address: string;
  user_agent: string;
  created_at_ms: number;
  last_used_at_ms: number;
  expires_at_ms: number;
  is_current: boolean;
};

export type SecondFactorState = {
  totp: { confirmed_at_ms: number | null };
  recovery_codes_left: number;
  passkeys: number;
  is_required: boolean;
};
export type TotpEnrolment = { secret: string; uri: string; qr_svg: string };
export type RecoveryCodes = { recovery_codes: string[] };
/** Whoever changes how one signs in proves once more who it is: by password or by a code of the authenticator. */
export type Proof = { password: string } | { code: string };

export type Passkey = { id: string; name: string; created_at_ms: number; last_used_at_ms: number | null };
/** The options stay JSON until the browser reads them, see features/session/passkey.ts. */
export type PasskeyCeremony = { token: string; options: unknown };

export type LinkedIdentity = { id: string; provider: string; name: string; created_at_ms: number; last_used_at_ms: number | null };
export type ProviderAnswer = SignInAnswer | { linked: true };

export type InvitationShown = {
  organization_name: string;
  /** Null if the link is for whoever has it. */
  email: string | null;
  role: Role;
  role_name: string | null;
  expires_at_ms: number;
  /** Told only when the invitation is bound to an address. */
  has_account: boolean | null;
};

export type Avatar = Pick<Account, "avatar_at_ms">;
