import { expect, test } from 'vitest';
import { programOf } from '../../src/cli/program.ts';
import { verbsFor } from '../../src/cli/verbs.ts';

const program = programOf(await verbsFor([]));

test.each(program.commands.map((command) => [command.name(), command] as const))(
  '`%s --help` describes it and shows examples of it',
  (name, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(command.description()).not.toBe('');
    expect(help).toMatch(/\nExamples:\n(?: {2}\$ holdfast .+\n)+/);
    for (const [, verb] of help.matchAll(/\$ holdfast (\S+)/g)) expect(verb).toBe(name);
    expect(help).toContain('--log <dir>');
    expect(help).toContain('-o, --output <format>');
  },
);

test.each(program.commands.map((command) => command.name()))(
  '`%s` is found without loading the verbs of other files',
  async (name) => {
    for (const words of [[name], ['-o', 'json', '--log', 'show', name, 'run'], ['help', name]]) {
      const found = programOf(await verbsFor(words)).commands.map((command) => command.name());
      expect(found).toContain(name);
      expect(found.length).toBeLessThan(5);
    }
  },
);

test('what is no verb is told beside all that are', async () => {
  expect(programOf(await verbsFor(['shwo'])).commands).toHaveLength(program.commands.length);
});
