/** `/metrics` and `/health` beside the MCP door: of the process that has the fleet open, which may become this one at any time. */
import type { Hono } from 'hono';
import type { Fleet } from '../fleet.ts';
import { Metrics } from '../serve/metrics.ts';
import type { Access } from './access.ts';

const elsewhere =
  'HOLDFAST_NOT_OPEN_HERE  the fleet is open in another process; this one answers as soon as it takes it over\n';

export function lookedAfter(app: Hono, access: Access): void {
  let here: { readonly fleet: Fleet; readonly metrics: Metrics } | undefined;
  access.onOpened((fleet) => (here = { fleet, metrics: new Metrics(fleet) }));
  app.get('/metrics', async (context) =>
    here === undefined
      ? context.text(elsewhere, 503)
      : context.body(await here.metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get('/health', async (context) =>
    here === undefined
      ? context.json({ ok: true, open: false })
      : context.json({
          ...{ ok: true, open: true },
          ...(await here.fleet.read(({ position, epoch }) => ({ position, epoch }))),
        }),
  );
}
