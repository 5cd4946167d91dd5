import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { looksLikeToken, tokenLengths, tokenPrefix } from "@obelisk/schemas/api-keys";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Characters of a token kept in clear, for recognition. */
const shownLength = 10;

function randomText(length: number): string {
  let text = "";
  // Bytes from 248 up would make the first letters likelier than the others, so they are thrown away.
  while (text.length < length) for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62];
  return text;
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let index = 0; index < tokenLengths.checksum; index += 1) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** A new API token: `obk_`, 32 random letters and digits (190 bits), and a checksum that tells a typing error without a look-up. */
export function newToken(): string {
  const body = tokenPrefix + randomText(tokenLengths.random);
  return body + checksum(body);
}

/** Whether a text can be a token at all. What can't never reaches the database. */
export function isToken(text: string): boolean {
  return looksLikeToken(text) && checksum(text.slice(0, -tokenLengths.checksum)) === text.slice(-tokenLengths.checksum);
}

/** The parts of a token that may be shown. */
export function recognition(token: string): { prefix: string; lastFour: string } {
  return { prefix: token.slice(0, shownLength), lastFour: token.slice(-4) };
}
