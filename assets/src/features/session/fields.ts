// Reading and checking the few fields that the forms before signing in share.
import { ApiError } from "../../api/client";

const SHORTEST_PASSWORD = 10;

export const readField = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();
/** A password is taken as it was typed: spaces at its ends belong to it. */
export const readPassword = (form: FormData, name = "password"): string => String(form.get(name) ?? "");
export const isEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text);
export const isPasswordShort = (password: string): boolean => [...password].length < SHORTEST_PASSWORD;

/** Whether the server names this field as the one that is wrong. */
export const isAbout = (error: unknown, field: string): error is ApiError => error instanceof ApiError && error.field === field;
