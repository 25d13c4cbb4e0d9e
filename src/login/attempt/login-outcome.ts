/** What one attempt came to, kept sealed for a moment: a double click gets the same answer and the code is redeemed once. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '../../store/errors.ts';
import { MINUTE } from '../../oauth/time.ts';
import { ATTEMPT_SECONDS } from './login-state.ts';
import type { LoginContext } from '../context.ts';
import type { PageName } from '../pages/page-texts.ts';
import { isPageName } from '../pages/page-texts.ts';

const KEPT_SECONDS = 30;
/** Longer than a callback takes, with every call to provider and store at its limit. */
const PENDING_SECONDS: number = 1 * MINUTE;
/** Longer than any replica takes the attempt for alive, whatever its clock says: the claim ends last. */
const CLAIM_SECONDS: number = ATTEMPT_SECONDS + 2 * MINUTE;
const PENDING = 'pending';
const POLL_MILLISECONDS = 100;
const MAX_POLLS = 150;
/** Between the winner's claim and its note that it is at work: as long as one operation of the store may take, and a little. */
const POLLS_BEFORE_NOTE = 6;

/** How an attempt ended. */
export type LoginOutcome =
  | { readonly kind: 'signed-in'; readonly cookie: string; readonly target: string }
  | { readonly kind: 'page'; readonly page: PageName; readonly status: number; readonly target: string };

function outcomeKey(id: Uint8Array): string {
  return `login:outcome:${createHash('sha256').update(id).digest('base64url')}`;
}

/** Whether this request is the first to use the attempt, across all replicas. Rejects with StoreUnavailable. */
export async function claimOutcome(context: LoginContext, id: Uint8Array): Promise<'ours' | 'taken'> {
  const key = outcomeKey(id);
  if (!(await context.store.once(key, CLAIM_SECONDS))) return 'taken';
  await context.store.put(key, Buffer.from(PENDING), PENDING_SECONDS);
  return 'ours';
}

/** Keeps the outcome for whoever submitted the same attempt again. A store that fails changes no outcome. */
export async function rememberOutcome(context: LoginContext, id: Uint8Array, outcome: LoginOutcome): Promise<void> {
  const key = outcomeKey(id);
  const sealed = context.sealer.seal('result', Buffer.from(JSON.stringify(outcome)), key);
  try {
    await context.store.put(key, Buffer.from(sealed), KEPT_SECONDS);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}

function parseOutcome(plain: Buffer | undefined): LoginOutcome | undefined {
  if (plain === undefined) return undefined;
  const value: unknown = JSON.parse(plain.toString('utf8'));
  if (typeof value !== 'object' || value === null || !('target' in value) || typeof value.target !== 'string')
    return undefined;
  const { target } = value;
  if ('cookie' in value && typeof value.cookie === 'string') return { kind: 'signed-in', cookie: value.cookie, target };
  if (!('page' in value) || !isPageName(value.page) || !('status' in value) || typeof value.status !== 'number')
    return undefined;
  return { kind: 'page', page: value.page, status: value.status, target };
}

/** The outcome of the attempt's first use, waited for while it runs; undefined when it is forgotten. */
export async function waitForOutcome(context: LoginContext, id: Uint8Array): Promise<LoginOutcome | undefined> {
  const key = outcomeKey(id);
  let noted = false;
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    const stored = await context.store.read(key);
    noted ||= stored !== undefined;
    if (stored === undefined && (noted || poll >= POLLS_BEFORE_NOTE)) return undefined;
    const text = stored?.value.toString('utf8') ?? PENDING;
    if (text !== PENDING) return parseOutcome(context.sealer.open('result', text, key));
    await wait(POLL_MILLISECONDS);
  }
  return undefined;
}
