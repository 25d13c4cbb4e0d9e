export { fakeClock } from './test-issuer/clock.ts';
export type { FakeClock } from './test-issuer/clock.ts';
export { createTestIssuer } from './test-issuer/issuer.ts';
export type { TestIssuer, TestIssuerOptions } from './test-issuer/issuer.ts';
export { createTestSidecar } from './test-issuer/sidecar.ts';
export type { TestSidecar } from './test-issuer/sidecar.ts';
export type { TokenKind } from './test-issuer/claims.ts';
export type { TokenChanges } from './test-issuer/mint.ts';
