import { expect, test } from 'vitest';
import { programOf } from '../../src/cli/program.ts';
import { verbs } from '../../src/cli/verbs.ts';

const program = programOf(verbs);

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
