import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Why a test that needs Chromium cannot run here; false when it can. In CI it always must. */
export const noChromium: string | false =
  executablePath === undefined && process.env['CI'] === undefined
    ? 'Chromium is not installed (Debian: apt-get install chromium)'
    : false;

/** A headless Chromium that talks to loopback only. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('Chromium is not installed (Debian: apt-get install chromium)');
  const quiet = [
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}
