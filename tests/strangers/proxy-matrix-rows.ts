import assert from 'node:assert/strict';
import { HOST } from '../../src/login/testing/proxy.ts';

/** The end of the headers. */
export const HEAD_END: RegExp = /\r\n\r\n/;
/** A short body in chunks is there before it is sent on, and may get a length then. */
const CHUNKED_END = /\r\n\r\nbody$|\r\n0\r\n\r\n$/;

/** A request without a body that asks for the end of its connection. */
export function ask(start: string, ...lines: readonly string[]): string {
  return `${[`${start} HTTP/1.1`, `Host: ${HOST}`, 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`;
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

interface Row {
  readonly title: string;
  readonly request: string;
  /** When the application has it all. */
  readonly whole?: RegExp;
  readonly answer: string;
  readonly judge: (answer: string, arrived: string) => void;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What is asked, what the application answers, and what each side must have seen then. */
export const ROWS: readonly Row[] = [
  {
    title: 'keeps two Set-Cookie apart and in order',
    request: ask('GET /'),
    answer: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: 0\r\n\r\n',
    judge: (answer) => assert.match(answer, /\r\nSet-Cookie: a=1\r\n[^]*\r\nSet-Cookie: b=2; Path=\/\r\n/),
  },
  {
    title: 'passes 204 without a body or a length',
    request: ask('GET /'),
    answer: 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
    judge: (answer) => {
      assert.match(answer, /^HTTP\/1\.1 204 No Content\r\nX: y\r\n/);
      assert.doesNotMatch(answer, /content-length|transfer-encoding/i);
      assert.equal(bodyOf(answer), '');
    },
  },
  {
    title: 'passes 304 with its validators and without a body',
    request: ask('GET /', 'If-None-Match: "x"'),
    answer: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    judge: (answer, arrived) => {
      assert.match(arrived, /\r\nIf-None-Match: "x"\r\n/);
      assert.match(answer, /^HTTP\/1\.1 304 Not Modified\r\nETag: "x"\r\n/);
      assert.equal(bodyOf(answer), '');
    },
  },
  {
    title: 'answers HEAD with the length of what GET would give, and no body',
    request: ask('HEAD /'),
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
    judge: (answer, arrived) => {
      assert.match(arrived, /^HEAD \/ /);
      assert.match(answer, /\r\nContent-Length: 1234\r\n/);
      assert.equal(bodyOf(answer), '');
    },
  },
  {
    title: 'passes an encoded body as it is',
    request: ask('GET /', 'Accept-Encoding: gzip'),
    answer: 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x00\xff',
    judge: (answer, arrived) => {
      assert.match(arrived, /\r\nAccept-Encoding: gzip\r\n/);
      assert.match(answer, /\r\nContent-Encoding: gzip\r\n/);
      assert.equal(bodyOf(answer), '\x1f\x8b\x00\xff');
    },
  },
  {
    title: 'passes every byte of path and query, encoded or not',
    request: ask('GET /B/%41%20c/%c3%A5/~@:!$&()*+,=/?q=%2e%2e/;&r=a+b%zz?//'),
    answer: OK,
    judge: (_answer, arrived) =>
      assert.equal(arrived.split('\r\n')[0], 'GET /B/%41%20c/%c3%A5/~@:!$&()*+,=/?q=%2e%2e/;&r=a+b%zz?// HTTP/1.1'),
  },
  {
    title: 'passes Host as the client wrote it',
    request: ask('GET /').replace(HOST, HOST.toUpperCase()),
    answer: OK,
    judge: (_answer, arrived) => assert.ok(arrived.toLowerCase().includes(`\r\nhost: ${HOST}\r\n`)),
  },
  {
    title: 'passes neither what Connection names nor what belongs to one connection',
    request: ask('GET /', 'Connection: X-Mine', 'X-Mine: 1', 'Keep-Alive: 5', 'TE: trailers', 'Proxy-Connection: x'),
    answer: OK.replace('\r\n\r\n', '\r\nConnection: X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: timeout=1\r\n\r\n'),
    judge: (answer, arrived) => {
      assert.doesNotMatch(arrived, /x-mine|timeout|te: trailers|proxy-connection/i);
      assert.doesNotMatch(answer, /x-theirs|timeout=1/i);
    },
  },
  {
    title: 'answers Expect: 100-continue itself and passes the body on',
    request: `${ask('POST /', 'Expect: 100-continue', 'Content-Length: 4')}body`,
    whole: /\r\n\r\nbody$/,
    answer: OK,
    judge: (answer, arrived) => {
      assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
      assert.doesNotMatch(arrived, /expect/i);
    },
  },
  {
    title: 'passes a body with its length',
    request: `${ask('POST /', 'Content-Length: 4')}body`,
    whole: /\r\n\r\nbody$/,
    answer: OK,
    judge: (_answer, arrived) => assert.match(arrived, /\r\ncontent-length: 4\r\n/i),
  },
  {
    title: 'passes a body in chunks',
    request: `${ask('POST /', 'Transfer-Encoding: chunked')}4\r\nbody\r\n0\r\n\r\n`,
    whole: CHUNKED_END,
    answer: OK,
    judge: (_answer, arrived) =>
      assert.match(
        arrived,
        /\r\n(?:content-length: 4\r\n[^]*\r\nbody|transfer-encoding: chunked\r\n[^]*\r\n\r\n4\r\nbody\r\n0\r\n\r\n)$/i,
      ),
  },
  {
    title: 'passes the body of a DELETE',
    request: `${ask('DELETE /x', 'Content-Length: 4')}body`,
    whole: /\r\n\r\nbody$/,
    answer: OK,
    judge: (answer) => assert.match(answer, /^HTTP\/1\.1 200 /),
  },
  {
    title: 'drops the trailers of an answer',
    request: ask('GET /', 'TE: trailers'),
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n',
    judge: (answer) => {
      assert.match(answer, /\r\n4\r\nbody\r\n0\r\n\r\n$/);
      assert.doesNotMatch(answer, /x-sum/i);
    },
  },
  {
    title: 'drops the trailers of a request',
    request: `${ask('POST /', 'Transfer-Encoding: chunked')}4\r\nbody\r\n0\r\nX-Forwarded-For: forged\r\n\r\n`,
    whole: CHUNKED_END,
    answer: OK,
    judge: (_answer, arrived) => assert.doesNotMatch(arrived, /forged/),
  },
  {
    title: 'drops interim answers such as 103, and passes the final one',
    request: ask('GET /'),
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${OK}`,
    judge: (answer) => {
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(answer, /preload/);
    },
  },
  {
    title: 'passes header bytes outside ASCII as they are, even when the body comes later',
    request: ask('GET /', 'X-Name: bl\xe5b\xe6r'),
    answer: 'HTTP/1.1 200 OK\r\nX-Name: bl\xe5b\xe6r \xc3\xa5\r\nTransfer-Encoding: chunked\r\n\r\n',
    judge: (answer, arrived) => {
      assert.match(arrived, /\r\nX-Name: bl\xe5b\xe6r\r\n/);
      assert.match(answer, /\r\nX-Name: bl\xe5b\xe6r \xc3\xa5\r\n/);
    },
  },
  {
    title: 'passes a status and a reason that nobody has heard of',
    request: ask('GET /'),
    answer: 'HTTP/1.1 299 Quite Fine\r\nContent-Length: 0\r\n\r\n',
    judge: (answer) => assert.match(answer, /^HTTP\/1\.1 299 Quite Fine\r\n/),
  },
];
