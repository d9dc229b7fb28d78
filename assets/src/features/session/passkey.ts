// Passkeys in the browser: the server's options become the browser's, the browser's answer becomes JSON again.
type Bytes = ArrayBuffer | null;
type Descriptor = { id: string };
type RequestJson = { challenge: string; allowCredentials?: Descriptor[] };
type CreationJson = { challenge: string; user: { id: string }; excludeCredentials?: Descriptor[] };

/** The person closed the browser's question, or nobody answered it in time. */
export class PasskeyCancelled extends Error {}
/** The browser has no passkeys, or not at this address. */
export class PasskeyImpossible extends Error {}

export const isPasskeyPossible = (): boolean => window.isSecureContext && "PublicKeyCredential" in window;

export async function isAutofillPossible(): Promise<boolean> {
  return isPasskeyPossible() && Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.());
}

function decode(text: string): ArrayBuffer {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

function encode(bytes: Bytes): string | null {
  if (bytes === null) return null;
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The server may wrap the options the way the browser's call takes them. */
function unwrap<Json>(options: unknown): Json {
  return ((options as { publicKey?: Json }).publicKey ?? options) as Json;
}

// Written out instead of `parseRequestOptionsFromJSON` and `toJSON`: browsers of 2024 and some password managers lack them.
const readDescriptors = (list: Descriptor[] | undefined) => (list ?? []).map((item) => ({ ...item, id: decode(item.id) })) as PublicKeyCredentialDescriptor[];

function readRequest(options: unknown): PublicKeyCredentialRequestOptions {
  const json = unwrap<RequestJson>(options);
  return { ...json, challenge: decode(json.challenge), allowCredentials: readDescriptors(json.allowCredentials) };
}

function readCreation(options: unknown): PublicKeyCredentialCreationOptions {
  const json = unwrap<CreationJson>(options);
  const made = { ...json, challenge: decode(json.challenge), user: { ...json.user, id: decode(json.user.id) }, excludeCredentials: readDescriptors(json.excludeCredentials) };
  return made as unknown as PublicKeyCredentialCreationOptions;
}

function explain(cause: unknown): Error {
  const name = cause instanceof DOMException ? cause.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return new PasskeyCancelled();
  return name === "InvalidStateError" && cause instanceof Error ? cause : new PasskeyImpossible();
}

async function ask(run: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!isPasskeyPossible()) throw new PasskeyImpossible();
  let found: Credential | null;
  try {
    found = await run();
  } catch (cause) {
    throw explain(cause);
  }
  if (!(found instanceof PublicKeyCredential)) throw new PasskeyCancelled();
  return found;
}

const describe = (credential: PublicKeyCredential) => ({
  id: credential.id,
  rawId: encode(credential.rawId),
  type: credential.type,
  extensions: credential.getClientExtensionResults(),
});

export async function readPasskey(options: unknown, more: { mediation?: CredentialMediationRequirement; signal?: AbortSignal } = {}): Promise<unknown> {
  const credential = await ask(() => navigator.credentials.get({ publicKey: readRequest(options), ...more }));
  const answer = credential.response as AuthenticatorAssertionResponse;
  const response = {
    authenticatorData: encode(answer.authenticatorData),
    clientDataJSON: encode(answer.clientDataJSON),
    signature: encode(answer.signature),
    userHandle: encode(answer.userHandle),
  };
  return { ...describe(credential), response };
}

export async function makePasskey(options: unknown): Promise<unknown> {
  const credential = await ask(() => navigator.credentials.create({ publicKey: readCreation(options) }));
  const answer = credential.response as AuthenticatorAttestationResponse;
  const response = {
    attestationObject: encode(answer.attestationObject),
    clientDataJSON: encode(answer.clientDataJSON),
    transports: answer.getTransports?.() ?? [],
  };
  return { ...describe(credential), response };
}
