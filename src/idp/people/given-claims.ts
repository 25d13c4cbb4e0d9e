import { z } from 'zod';

const text = z.string().min(1).max(1024);

const claims = z.object({
  middle_name: text.optional(),
  nickname: text.optional(),
  preferred_username: text.optional(),
  profile: text.optional(),
  picture: text.optional(),
  website: text.optional(),
  email: text.optional(),
  email_verified: z.boolean().optional(),
  gender: text.optional(),
  birthdate: text.optional(),
  zoneinfo: text.optional(),
  phone_number: text.optional(),
  phone_number_verified: z.boolean().optional(),
  address: z
    .strictObject({
      formatted: text.optional(),
      street_address: text.optional(),
      locality: text.optional(),
      region: text.optional(),
      postal_code: text.optional(),
      country: text.optional(),
    })
    .optional(),
  updated_at: z.number().int().min(0).optional(),
});

/** Standard claims that an entry of `people.yaml` may give, by their own names (OpenID Connect Core 5.1); all of them optional. */
export const givenClaims: z.ZodType<Readonly<Record<string, unknown>>> = claims;

/** The names of {@link givenClaims}. */
export const GIVEN_CLAIMS: readonly string[] = Object.keys(claims.shape);
