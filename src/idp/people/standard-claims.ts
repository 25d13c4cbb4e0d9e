import type { Person } from './person.ts';

/** What a scope tells about a person (OpenID Connect Core 5.4). */
export const SCOPE_CLAIMS: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** When the people of this folder were last thought about: the first second of 2026. */
const UPDATED_AT = 1_767_225_600;

/** Every standard claim of a person: what the file gives, and something plausible for the rest. */
export function standardClaims(person: Person): Readonly<Record<string, unknown>> {
  const { given, family, pid, locale, employee } = person;
  const handle = `${slug(given)}.${slug(family)}`;
  const page = `https://people.example.test/${handle}`;
  const filled = {
    name: `${given} ${family}`,
    given_name: given,
    family_name: family,
    middle_name: 'Test',
    nickname: given,
    preferred_username: employee?.preferredUsername ?? handle,
    profile: page,
    picture: `${page}/picture.png`,
    website: `${page}/website`,
    gender: Number(pid[8]) % 2 === 0 ? 'female' : 'male',
    birthdate: birthdateOf(pid),
    zoneinfo: 'Europe/Oslo',
    locale,
    updated_at: UPDATED_AT,
    email: `${handle}@example.test`,
    email_verified: true,
    // No Norwegian number begins with 0.
    phone_number: `+470${pid.slice(0, 7)}`,
    phone_number_verified: true,
    address: ADDRESS,
  };
  return { ...filled, ...person.claims };
}

const ADDRESS = {
  formatted: 'Eksempelveien 1\n0001 Oslo\nNorge',
  street_address: 'Eksempelveien 1',
  locality: 'Oslo',
  region: 'Oslo',
  postal_code: '0001',
  country: 'NO',
};

/** A synthetic number has its month moved by 80; the century stands in the individual number. */
function birthdateOf(pid: string): string {
  const [day, month, year] = [pid.slice(0, 2), Number(pid.slice(2, 4)) - 80, Number(pid.slice(4, 6))];
  const individual = Number(pid.slice(6, 9));
  const century = individual < 500 || (individual >= 900 && year >= 40) ? 1900 : year < 40 ? 2000 : 1800;
  return `${century + year}-${String(month).padStart(2, '0')}-${day}`;
}

function slug(name: string): string {
  const plain = name.toLowerCase().replaceAll('æ', 'ae').replaceAll('ø', 'o');
  return plain
    .normalize('NFD')
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
