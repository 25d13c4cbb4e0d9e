import type { NextRequest } from 'next/server';
import { NextResponse } from 'next/server';
import { fromEnv, requireUser } from '@fullmakt/sdk';
import { protectRoute } from '@fullmakt/sdk/next';

type Context = { params: Promise<{ id: string }> };

const read = protectRoute(
  fromEnv(),
  requireUser('tokenx'),
  async (request: NextRequest, { principal, params }: Context & { principal: { id: string } }) => {
    const { id } = await params;
    return NextResponse.json({ id, asked: request.nextUrl.pathname, who: principal.id });
  },
);

export const GET: (request: NextRequest, context: Context) => Promise<Response> = read;
