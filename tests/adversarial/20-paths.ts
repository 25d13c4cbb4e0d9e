import { createRandom } from './scale.ts';

/** A rule that opens paths, and how three parsers of applications say the same. */
export interface Pattern {
  /** As configured. */
  readonly glob: string;
  /** The same, for a path that was decoded once. */
  readonly matches: RegExp;
  /** The same as routes of Express 5. */
  readonly express: readonly string[];
  /** Paths that it opens, so that a proxy which opens nothing does not pass. */
  readonly opens: readonly string[];
}

/** Five rules of the kinds people write. */
export const PATTERNS: readonly Pattern[] = [
  {
    glob: '/public/**',
    matches: /^\/public(?:\/.*)?$/,
    express: ['/public{/*rest}'],
    opens: [
      '/public',
      '/public/',
      '/public/a',
      '/public/a/b/c.js?x=/admin',
      '/public/%61',
      '/public/...',
      '/public/a%2e',
    ],
  },
  {
    glob: '/public/*',
    matches: /^\/public\/[^/]+\/?$/,
    express: ['/public/:one'],
    opens: ['/public/a', '/public/a/', '/public/admin', '/public/%C3%B8?a=b'],
  },
  {
    glob: '/allowed',
    matches: /^\/allowed\/?$/,
    express: ['/allowed'],
    opens: ['/allowed', '/allowed/', '/allowed?x'],
  },
  {
    glob: '/any*',
    matches: /^\/any[^/]*\/?$/,
    express: ['/any{:rest}'],
    opens: ['/any', '/anything', '/any.txt?../admin'],
  },
  {
    glob: '/static/**/*.js',
    matches: /^\/static\/(?:.*\/)?[^/]*\.js\/?$/,
    express: ['/static{/*dirs}/:file.js'],
    opens: ['/static/a.js', '/static/a/b/c.js', '/static/%61.js?admin'],
  },
];

type Choices = readonly [string, ...string[]];

const OPEN: Choices = [
  '/public',
  '/public/a',
  '/allowed',
  '/any',
  '/anything',
  '/static',
  '/static/a.js',
  '/static/a/b.js',
];
const STEPS: Choices = [
  '..',
  '.',
  '%2e%2e',
  '%2E.',
  '.%2e',
  '%2e',
  '..;',
  '..;a=b',
  ';..',
  '...',
  '.. ',
  '..%20',
  '..%09',
  '%252e%252e',
  '..%00',
  '..%0d%0a',
  '%c0%ae%c0%ae',
  '%e0%80%ae',
  '%u002e%u002e',
  '．．',
  '%ef%bc%8e%ef%bc%8e',
  '..#',
  '..%23',
  '..?',
  '..%3f',
  '..%5c',
  '..\\',
  '\\..',
  '',
];
const JOINS: Choices = [
  '/',
  '//',
  '/./',
  '\\',
  '/\\',
  '%2f',
  '%2F',
  '%5c',
  '%252f',
  '/;/',
  ';/',
  '/%20/',
  '/%09',
  '／',
  '%ef%bc%8f',
  '%c0%af',
];
const GOALS: Choices = [
  'admin',
  'admin/users',
  'ADMIN',
  'admin.',
  'admin%2ejs',
  'admin/a.js',
  'oauth2/session',
  'public',
  'x',
];
const TAILS: Choices = [
  '',
  '/',
  '//',
  '.',
  '..',
  '/.',
  '/..',
  '%2f',
  ';',
  ';x',
  ';.js',
  ';/public',
  '?/public',
  '?/public/a.js',
  '?a=/../allowed',
  '#',
  '#/public',
  '#.js',
  '%23',
  '%23/public',
  '%23.js',
  '%3f',
  '%3f.js',
  '%00',
  '%00.js',
  '%0a',
  '%0a.js',
  '%20',
  '%09',
  '.js',
  '%2ejs',
  '/a.js',
  '%',
  '%4',
  '%zz',
  '.JS',
  '~',
];

/** At least 300 targets that some parser reads as another path than they look; the same for the same seed. */
export function trickyTargets(seed: number, count: number): readonly string[] {
  const random = createRandom(seed);
  const targets = new Set<string>(CLASSICS);
  for (const open of OPEN) for (const tail of TAILS) targets.add(open + tail);
  for (const tail of TAILS) targets.add(`/admin${tail}`);
  while (targets.size < count) {
    const [open, step, goal, tail] = [random.pick(OPEN), random.pick(STEPS), random.pick(GOALS), random.pick(TAILS)];
    const [first, second] = [random.pick(JOINS), random.pick(JOINS)];
    const shapes: Choices = [
      open + first + step + second + goal + tail,
      `/${goal}${first}${step}${second}${open.slice(1)}${tail}`,
      `${first}${open.slice(1)}${tail}`,
      open + first + step + first + step + second + goal,
      `/${goal}${tail}${open}`,
      changeCase(open, random.below(open.length)) + tail,
    ];
    targets.add(random.pick(shapes));
  }
  return [...targets];
}

function changeCase(text: string, at: number): string {
  return text.slice(0, at) + text.slice(at).toUpperCase();
}

const CLASSICS: readonly string[] = [
  '/admin?/public/',
  '/admin?x=/public/a.js',
  '/admin#/public/',
  '/admin%23/public/a',
  '/admin%3F/public/a',
  '/admin;/public',
  '/admin;.js',
  '/public/../admin',
  '/public/%2e%2e/admin',
  '/public/%2E%2E/admin',
  '/public/..;/admin',
  '/public/..%2fadmin',
  '/public%2f..%2fadmin',
  '/public/..%5cadmin',
  '/public/..\\admin',
  '/public/.\t./admin',
  '/public//../admin',
  '/public//admin',
  '//public/../admin',
  '//admin/public',
  '/./public/../admin',
  '/public/%00/../admin',
  '/public/%252e%252e/admin',
  '/public/%25%32%65%25%32%65/admin',
  '/public/..%c0%afadmin',
  '/public/a/../../admin',
  '/static/..%2fadmin/x.js',
  '/static/../admin/x.js',
  '/static/a.js/../../admin',
  '/static/a.js/..',
  '/any/../admin',
  '/any..%2fadmin',
  '/allowed/../admin',
  '/allowed/.',
  '/allowed%2f',
  '/allowed%20',
  '/ALLOWED',
  '/publicity',
  '/not/public/a',
  '/%70ublic/../admin',
  '/%70ublic/a',
  '/allow%65d',
  '/static/a%2ejs',
  '/static/a.%6as',
  '/%61nything',
  '/an%79',
  '/public.',
  '/.public',
  '/public\u00e9',
  '/public/\u00ff',
  '/public/%ff',
  '/public/%c3',
  '/public/a b',
  '/public/\u0001',
];
