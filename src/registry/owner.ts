import type { App } from './model.ts';

/** Who writes a row: `operator:<name>` for an operator of TokenX's registration API, absent for manifests. */
export type Source = NonNullable<App['source']> | undefined;

/** The source of what an operator registers. */
export function sourceOfOperator(name: string): NonNullable<Source> {
  return `operator:${name}`;
}

/** Whether this source may write the app: an app belongs to whoever declared it first, until it is removed. */
export function mayWrite(app: Pick<App, 'source'> | undefined, source: Source): boolean {
  return app === undefined || app.source === source;
}
