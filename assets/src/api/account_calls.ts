// One function per route about accounts, as in calls.ts.
import type * as account from "./account_types";
import { client, readBody } from "./client";
import type { Me, Session } from "./types";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Init = { body?: unknown; bodySerializer?: (body: unknown) => unknown; headers?: Record<string, string>; signal?: AbortSignal };
type Untyped = { request: (method: Method, path: string, init: Init) => Promise<{ data?: { data: unknown }; error?: unknown; response: Response }> };

async function request<Data>(method: Method, path: string, init: Init = {}): Promise<Data> {
  return (await readBody((client as unknown as Untyped).request(method, path, init))).data as Data;
}
const post = <Data>(path: string, body?: unknown) => request<Data>("post", path, body === undefined ? {} : { body });

export const isSession = (answer: object): answer is Session => "access_token" in answer;

// Signing in
export const findSignInOptions = (signal?: AbortSignal) => request<account.SignInOptions>("get", "/api/v1/auth/options", { signal });
export const signIn = (body: { email: string; password: string }) => post<account.SignInAnswer>("/api/v1/auth/login", body);
export const signInByLink = (token: string) => post<account.SignInAnswer>("/api/v1/auth/link", { token });
export const finishSecondFactor = (body: { token: string; code: string }) => post<Session>("/api/v1/auth/second-factor", body);
export const startPasskeySignIn = (secondFactorToken: string | null) =>
  post<account.PasskeyCeremony>("/api/v1/auth/passkey/start", secondFactorToken === null ? {} : { second_factor_token: secondFactorToken });
export const finishPasskeySignIn = (body: { token: string; credential: unknown }) => post<Session>("/api/v1/auth/passkey", body);
export const startProvider = (provider: string, body: { is_link?: boolean; invitation_token?: string; password?: string; code?: string }) =>
  post<{ url: string }>(`/api/v1/auth/oauth/${encodeURIComponent(provider)}/start`, body);
export const finishProvider = (provider: string, body: Record<string, unknown>) =>
  post<account.ProviderAnswer>(`/api/v1/auth/oauth/${encodeURIComponent(provider)}`, body);

// Accounts of one's own
export const register = (body: account.RegisterRequest) => post<account.RegisterAnswer>("/api/v1/auth/register", body);
export const verifyEmail = (token: string) => post<account.SignInAnswer>("/api/v1/auth/verify-email", { token });
export const forgotPassword = (email: string) => post<{ state: string }>("/api/v1/auth/forgot-password", { email });
export const resetPassword = (body: { token: string; password: string }) => post<{ state: string }>("/api/v1/auth/reset-password", body);
export const findMe = () => request<Me>("get", "/api/v1/auth/me");
export const changePassword = (body: { current_password?: string; code?: string; password: string }) => request<unknown>("put", "/api/v1/auth/password", { body });
export const changeEmail = (body: { email: string; password?: string; code?: string }) => post<{ state: string }>("/api/v1/auth/email", body);

// Sessions
export const listSessions = (signal?: AbortSignal) => request<account.SignInSession[]>("get", "/api/v1/auth/sessions", { signal });
export const endSessionOf = (id: string) => request<unknown>("delete", `/api/v1/auth/sessions/${id}`);
export const endOtherSessions = () => request<{ ended: number }>("delete", "/api/v1/auth/sessions");

// Second factor
export const findSecondFactor = (signal?: AbortSignal) => request<account.SecondFactorState>("get", "/api/v1/auth/second-factor", { signal });
export const startTotp = (body: account.Proof) => post<account.TotpEnrolment>("/api/v1/auth/totp", body);
export const verifyTotp = (code: string) => post<account.RecoveryCodes>("/api/v1/auth/totp/verify", { code });
export const deleteTotp = (body: account.Proof) => request<unknown>("delete", "/api/v1/auth/totp", { body });
export const renewRecoveryCodes = (body: account.Proof) => post<account.RecoveryCodes>("/api/v1/auth/recovery-codes", body);

// Passkeys and identities
export const listPasskeys = (signal?: AbortSignal) => request<account.Passkey[]>("get", "/api/v1/auth/passkeys", { signal });
export const startPasskey = (proof: { password?: string; code?: string }) => post<account.PasskeyCeremony>("/api/v1/auth/passkeys/start", proof);
export const createPasskey = (body: { token: string; name: string; credential: unknown }) => post<account.Passkey>("/api/v1/auth/passkeys", body);
export const updatePasskey = (id: string, name: string) => request<account.Passkey>("patch", `/api/v1/auth/passkeys/${id}`, { body: { name } });
export const deletePasskey = (id: string, body: account.Proof) => request<unknown>("delete", `/api/v1/auth/passkeys/${id}`, { body });
export const listIdentities = (signal?: AbortSignal) => request<account.LinkedIdentity[]>("get", "/api/v1/auth/identities", { signal });
export const deleteIdentity = (id: string, body: account.Proof) => request<unknown>("delete", `/api/v1/auth/identities/${id}`, { body });

// Picture
export const uploadAvatar = (file: Blob) =>
  request<account.Avatar>("post", "/api/v1/uploads/avatar", { body: file, bodySerializer: (body) => body, headers: { "Content-Type": file.type } });
export const deleteAvatar = () => request<unknown>("delete", "/api/v1/uploads/avatar");

// Invitations and organizations, as far as someone without an organization needs them
export const findInvitation = (token: string) => post<account.InvitationShown>("/api/v1/invitations/show", { token });
export const acceptInvitation = (token: string) => post<Session>("/api/v1/invitations/accept", { token });
export const createOrganization = (name: string) => post<{ id: string }>("/api/v1/organizations", { name });
export const switchOrganization = (id: string) => post<Session>(`/api/v1/organizations/${id}/switch`, {});
