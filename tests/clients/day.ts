// A day of the TypeScript client at the real server. Every step throws where the answer is not what the types promise.
import { createClient } from './typescript/client/index.js';
import {
  createCustomer, editCustomer, listCustomers, showCustomer, type Customer, type Problem,
} from './typescript/index.js';

declare const process: { argv: string[] };
const [host, key, narrow, store] = process.argv.slice(3) as [string, string, string, string];
const baseUrl = `http://${host}`;
const client = createClient({ baseUrl, auth: key });

function expect(said: unknown, wanted: unknown, what: string): void {
  if (said !== wanted) throw new Error(`${what}: ${JSON.stringify(said)} instead of ${JSON.stringify(wanted)}`);
}

function held<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}

const seen: Customer[] = [];
let cursor: string | undefined;
let pages = 0;
do {
  const query = { limit: 2, sort: 'created_at', 'filter[kind]': 'individual', ...(cursor ? { cursor } : {}) } as const;
  const answer = await listCustomers({ client, query });
  const page = held(answer.data, `a page (${JSON.stringify(answer.error)})`);
  seen.push(...page.data);
  cursor = page.page.next_cursor ?? undefined;
  pages += 1;
} while (cursor);
expect(pages > 1, true, 'more than one page');
expect(new Set(seen.map((customer) => customer.id)).size, seen.length, 'nobody twice');
expect(seen.every((customer) => customer.kind === 'individual'), true, 'the filter');

// @ts-expect-error A filter that does not exist is refused by the compiler, and by the server as well.
const unknown = await listCustomers({ client, query: { 'filter[colour]': 'red' } });
expect(unknown.response?.status, 400, 'an unknown filter');
const question = held<Problem>(unknown.error, 'its problem');
expect(question.errors?.[0]?.parameter, 'filter[colour]', 'the parameter at fault');

const body = { kind: 'individual', given_name: 'Grace', family_name: 'Example', store_id: store } as const;
const headers = { 'Idempotency-Key': 'a-day-in-typescript' };
const made = held((await createCustomer({ client, body, headers })).data, 'the new customer');
const again = await createCustomer({ client, body, headers });
expect(again.data?.id, made.id, 'the same request again');
expect(again.response?.headers.get('Idempotency-Replayed'), 'true', 'the mark of a repeat');

const path = { customer_id: held(made.id, 'the id') };
const read = await showCustomer({ client, path });
const tag = held(read.response?.headers.get('ETag') ?? undefined, 'the ETag');
expect(read.data?.name, 'Grace Example', 'the name');
const changed = await editCustomer({ client, path, headers: { 'If-Match': tag }, body: { notes: 'Calls back' } });
expect(changed.data?.notes, 'Calls back', 'what was changed');
expect(changed.data?.name, 'Grace Example', 'what was not sent');
const late = await editCustomer({ client, path, headers: { 'If-Match': tag }, body: { notes: 'Never calls' } });
expect(late.response?.status, 412, 'a late change');
const clash = held<Problem>(late.error, 'the clash');
expect(clash.code, 'precondition_failed', 'its code');
expect(clash.current?.notes, 'Calls back', 'what stands there now');
expect(clash.yours?.notes, 'Never calls', 'what was sent');

const wrong = await createCustomer({ client, body: { ...body, store_id: 'store_nowhere' } });
expect(wrong.response?.status, 422, 'a wrong store');
expect(held<Problem>(wrong.error, 'its problem').errors?.[0]?.pointer, '/store_id', 'the pointer');

const forbidden = await listCustomers({ client: createClient({ baseUrl, auth: narrow }) });
expect(forbidden.response?.status, 403, 'a key without the right');
const stranger = createClient({ baseUrl, auth: 'dms_live_nobody' });
const refused = await listCustomers({ client: stranger });
expect(refused.response?.status, 401, 'an unknown key');
expect(held<Problem>(refused.error, 'its problem').status, 401, 'the status in it');
console.log(`${seen.length} customers on ${pages} pages`);
