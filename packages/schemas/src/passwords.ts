/** Length of a password in characters, the same for the form and the server. This file has no schema, so that the form stays small. */
export const shortestPassword = 10;
export const longestPassword = 128;
