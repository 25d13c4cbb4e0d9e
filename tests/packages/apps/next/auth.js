import { allOf, fromEnv, requireAcr, requireCaller, requireUser } from '@fullmakt/sdk';
import { tokensFromEnv } from '@fullmakt/sdk/tokens';

export const auth = fromEnv();
export const tokens = tokensFromEnv();
export const citizen = allOf(requireUser('tokenx'), requireAcr('high'), requireCaller());
