/** The sealed value of the session cookie: which session, and the only copy of the key that opens its record. */
import { hash, randomBytes } from 'node:crypto';

const ID_BYTES = 32;
const KEY_BYTES = 32;
const TIME_BYTES = 5;
const TICKET_BYTES = ID_BYTES + KEY_BYTES + TIME_BYTES;
const PURPOSE = 'ticket';
const REFERENCE_CHARACTERS = 12;

/** What the cookie holds. Never logged. */
export interface Ticket {
  readonly sessionId: Buffer;
  readonly dataKey: Buffer;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

/** What tickets need of `web/seal`. */
export interface Sealer {
  seal(purpose: string, plain: Uint8Array, aad?: string): string;
  open(purpose: string, sealed: string, aad?: string): Buffer | undefined;
}

/** A ticket for a new session: every login has its own id and data key. */
export function createTicket(nowSeconds: number): Ticket {
  return { sessionId: randomBytes(ID_BYTES), dataKey: randomBytes(KEY_BYTES), issuedAt: Math.floor(nowSeconds) };
}

/** Seals a ticket for one cookie name; 136 characters. */
export function sealTicket(sealer: Sealer, ticket: Ticket, cookieName: string): string {
  const plain = Buffer.alloc(TICKET_BYTES);
  ticket.sessionId.copy(plain, 0);
  ticket.dataKey.copy(plain, ID_BYTES);
  plain.writeUIntBE(ticket.issuedAt, ID_BYTES + KEY_BYTES, TIME_BYTES);
  return sealer.seal(PURPOSE, plain, cookieName);
}

/** Opens a cookie value under its name; undefined when it is not a ticket of ours. */
export function openTicket(sealer: Sealer, value: string, cookieName: string): Ticket | undefined {
  const plain = sealer.open(PURPOSE, value, cookieName);
  if (plain === undefined || plain.length !== TICKET_BYTES) return undefined;
  return {
    sessionId: plain.subarray(0, ID_BYTES),
    dataKey: plain.subarray(ID_BYTES, ID_BYTES + KEY_BYTES),
    issuedAt: plain.readUIntBE(ID_BYTES + KEY_BYTES, TIME_BYTES),
  };
}

/** Where a session's record lies in the store: independent of the provider's `sid`. */
export function recordKey(sessionId: Uint8Array): string {
  return hash('sha256', sessionId, 'base64url');
}

/** The short name of a session for logs. */
export function sessionReference(key: string): string {
  return key.slice(0, REFERENCE_CHARACTERS);
}
