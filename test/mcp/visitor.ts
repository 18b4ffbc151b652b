/** Clients of the official SDK, each with a server of its own that a test can kill. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  type CreateMessageRequest,
  CreateMessageRequestSchema,
  type CreateMessageResultWithTools,
  type ElicitRequest,
  ElicitRequestSchema,
  type ElicitResult,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, expect } from 'vitest';
import { type Place, program } from '../cli/cli.ts';

const open: Visitor[] = [];

afterEach(async () => {
  for (const visitor of open.splice(0)) await visitor.close();
});

export interface Result {
  readonly isError: boolean;
  readonly text: string;
  readonly fields: Readonly<Record<string, any>>;
  /** Texts of the mail that came along. */
  readonly mail: readonly string[];
}

type Answers = (params: CreateMessageRequest['params'], signal: AbortSignal) => Promise<CreateMessageResultWithTools>;

export interface Going {
  /** Its model answers for agents; `text`: it knows no tools. */
  readonly sampling?: { readonly kind: 'text' | 'tools'; readonly answers: Answers };
  /** A person who is asked. */
  readonly elicits?: (params: ElicitRequest['params'], signal: AbortSignal) => Promise<ElicitResult>;
  readonly name?: string;
  readonly args?: readonly string[];
  readonly fleet?: boolean;
}

/** A client that offers what it can be asked. */
export function clientOf(name: string, { sampling, elicits }: Pick<Going, 'sampling' | 'elicits'>): Client {
  const offer = sampling && { sampling: sampling.kind === 'tools' ? { tools: {} } : {} };
  const client = new Client(
    { name, version: '1.2.3' },
    { capabilities: { ...offer, ...(elicits && { elicitation: {} }) } },
  );
  if (elicits !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => elicits(params, signal));
  if (sampling !== undefined)
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }, { signal }) => sampling.answers(params, signal));
  return client;
}

export class Visitor {
  readonly client: Client;
  readonly #transport: StdioClientTransport | undefined;

  constructor(client: Client, transport?: StdioClientTransport) {
    this.client = client;
    this.#transport = transport;
    open.push(this);
  }

  /** A server of its own on the log of a place. */
  static async of(place: Place, { name = 'tester', args = [], fleet = true, ...offers }: Going = {}): Promise<Visitor> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp', '--log', place.log, ...(fleet ? ['--fleet', place.fleet] : []), ...args],
      cwd: place.folder,
      stderr: 'ignore',
    });
    const client = clientOf(name, offers);
    const visitor = new Visitor(client, transport);
    await client.connect(transport);
    return visitor;
  }

  get pid(): number {
    return this.#transport!.pid!;
  }

  async call(name: string, args: Record<string, unknown> = {}, options: RequestOptions = {}): Promise<Result> {
    const { content, structuredContent, isError } = await this.client.callTool({ name, arguments: args }, undefined, {
      timeout: 60_000,
      ...options,
    });
    const fields = (structuredContent ?? {}) as Result['fields'];
    const text = (content as { text: string }[])[0]!.text;
    return { isError: isError === true, text, fields, mail: (fields.mail ?? []).map((m: { text: string }) => m.text) };
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const { pid } = this;
    const closed = new Promise<void>((resolve) => {
      this.client.onclose = resolve;
    });
    process.kill(pid, 'SIGKILL');
    await closed;
  }

  async close(): Promise<void> {
    await this.client.close().catch(() => undefined);
  }

  /** Waits until the tree is as told. */
  async until(condition: (status: Result['fields']) => boolean): Promise<void> {
    await expect.poll(async () => condition((await this.call('status')).fields), { timeout: 20_000 }).toBe(true);
  }
}

export const statusOf = (status: Result['fields'], path: string): string | undefined =>
  status.agents.find((agent: { path: string }) => agent.path === path)?.status;
