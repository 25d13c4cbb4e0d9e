import type { TestEvent } from 'node:test/reporters';

/** A test reporter that tells the titles of failed tests, one JSON string a line. */
// oxlint-disable-next-line import/no-default-export -- the test runner takes a reporter from there
export default async function* failedTitles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === 'test:fail') yield `${JSON.stringify(event.data.name)}\n`;
  }
}
