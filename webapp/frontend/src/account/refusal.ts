/** Finds the field of a form that a refusal of the API is about. Pure. */

/** What is known of a refusal; `ApiError` is one. */
export interface Refusal {
  status: number;
  reason?: string | null | undefined;
  message: string;
}

export type SignUpFault =
  | "login-form"
  | "login-reserved"
  | "login-taken"
  | "password-form"
  | "email-form"
  | "invitation-over"
  | "link-over"
  | "other";

/** Give the field that the API names in a message such as "Expected `str` of length >= 8 - at `$.password`.". */
export function namedField(message: string): string | null {
  return /at `\$\.(\w+)/.exec(message)?.[1] ?? null;
}

/** Say what is wrong with a wish for an account. `registration` is that of the site. */
export function signUpFault(refusal: Refusal, registration: string): SignUpFault {
  if (refusal.reason === "link_over") return "link-over";
  if (refusal.status === 409) return "login-taken";
  if (refusal.status === 403 && registration === "invite") return "invitation-over";
  if (refusal.status !== 400) return "other";
  switch (namedField(refusal.message)) {
    case "login":
      return "login-form";
    case "password":
      return "password-form";
    case "email":
      return "email-form";
    case "invitation":
      return "invitation-over";
    case "token":
      return "link-over";
    case null:
    default:
      break;
  }
  if (/\breserved\b/.test(refusal.message)) return "login-reserved";
  if (/^a login has\b|^login must\b/.test(refusal.message)) return "login-form";
  return /^password must\b/.test(refusal.message) ? "password-form" : "other";
}

export const LOGIN_PATTERN = /^[A-Za-z0-9_]{3,25}$/;
export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 200;
/** As the API has it. */
export const EMAIL_PATTERN = /^[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;

/** Say what is wrong with a password before it is sent; lengths are counted as the API does, in code points. */
export function passwordFits(password: string): boolean {
  const length = Array.from(password).length;
  return length >= MIN_PASSWORD && length <= MAX_PASSWORD;
}
