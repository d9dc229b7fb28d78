// What must survive leaving the page for a moment: an invitation while one signs in, the way to another service and back.
const INVITATION_KEY = "salesbrain.invitation";
const PROVIDER_KEY = "salesbrain.provider";

/** This tab only, and gone with it: the token is worth a place in an organization. */
export const keepInvitation = (token: string): void => sessionStorage.setItem(INVITATION_KEY, token);
export const readInvitation = (): string => sessionStorage.getItem(INVITATION_KEY) ?? "";
export const forgetInvitation = (): void => sessionStorage.removeItem(INVITATION_KEY);

export type ProviderTrip = { isLink: boolean; next: string | null };

export const keepProviderTrip = (trip: ProviderTrip): void => sessionStorage.setItem(PROVIDER_KEY, JSON.stringify(trip));

/** Nothing, if this tab did not leave for another service: then whoever made the link wants somebody signed in. */
export function takeProviderTrip(): ProviderTrip | null {
  const stored = sessionStorage.getItem(PROVIDER_KEY);
  sessionStorage.removeItem(PROVIDER_KEY);
  if (stored === null) return null;
  const trip = JSON.parse(stored) as Partial<ProviderTrip>;
  return { isLink: trip.isLink === true, next: typeof trip.next === "string" ? trip.next : null };
}
