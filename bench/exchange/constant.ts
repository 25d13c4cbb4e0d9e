// The same HTTP stack, which reads the form and answers a constant: what an exchange costs before anything is exchanged.
import { once } from 'node:events';
import { readForm } from '../../src/web/forms.ts';
import { json } from '../../src/web/http.ts';
import { createRouter } from '../../src/web/router.ts';
import { serve } from '../../src/web/serve.ts';

await once(process, 'message');
const answer = json(200, { access_token: 'x'.repeat(1200), token_type: 'Bearer', expires_in: 899 });
const handle = createRouter([
  {
    method: 'POST',
    path: '/token',
    handle: async (request) => {
      const { ok } = await readForm(request);
      return ok ? answer : { status: 400 };
    },
  },
]);
const { port } = await serve({ name: 'constant', setting: 'none', host: '127.0.0.1', port: 0, handle });
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
