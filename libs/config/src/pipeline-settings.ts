import { Type, type TProperties, type TSchema } from 'typebox';
import type { Given, SettingsPart } from './part.ts';

/** The settings as one pipeline has them, by the name that they stand under: `<pipeline>Settings`. */
export type SettingsOfPipeline<Name extends string, Settings extends object> = {
  readonly [Key in `${Name}Settings`]: Settings;
};

/**
 * The settings that a pipeline may have for itself: beside each that these parts declare one of its own, for example
 * `PARCELS_MAX_ATTEMPTS` beside `MAX_ATTEMPTS`. Its own counts; the general one where it has none.
 * {@link forPipeline} gives them to whoever reads the general names.
 *
 * @typeParam Settings - the intersection of `SettingsOf` each part.
 * @param parts - composed beside this one.
 */
export function pipelineSettings<Name extends string, Settings extends object>(
  pipeline: Name,
  parts: readonly SettingsPart[],
): SettingsPart<TProperties, SettingsOfPipeline<Name, Settings>> {
  const view = new PipelineView(pipeline, parts);
  const { prefix, names } = view;
  return {
    properties: {},
    further: () => view.schemas(),
    problems(given, all) {
      const own = view.ownAmong(given);
      const told = new Set(parts.flatMap((part) => part.problems?.(given, all) ?? []));
      return parts
        .flatMap((part) => part.problems?.(view.given(given), all) ?? [])
        .filter((problem) => nameIn(problem) in own || !told.has(problem))
        .map((problem) => (nameIn(problem) in own ? prefix + problem : problem));
    },
    derived(all, given) {
      const values = view.values(all, given);
      const mine = Object.fromEntries(names.map((name) => [name, values[name]]));
      const made = parts.map((part) => part.derived?.(values, view.given(given)) ?? {});
      const settings = Object.freeze(Object.assign(mine, ...made) as Settings);
      return { [`${pipeline}Settings`]: settings } as SettingsOfPipeline<Name, Settings>;
    },
    furtherEntries: (settings) => {
      const values: object = settings;
      const valueOf = (name: string) => (values as Readonly<Record<string, Value>>)[name] ?? '';
      return names.map((name) => [prefix + name, String(valueOf(prefix + name))]);
    },
  };
}

/** The settings with what a pipeline has for itself in place of what is general. */
export function forPipeline<Name extends string, Settings extends SettingsOfPipeline<Name, object>>(
  settings: Settings,
  pipeline: Name,
): Settings {
  return Object.freeze({ ...settings, ...settings[`${pipeline}Settings`] });
}

type Value = string | number | boolean | undefined;

/** How a pipeline sees what is set. */
class PipelineView {
  /** What the names of its own settings begin with: `NIGHT_SHIFT_` for `night-shift`. */
  readonly prefix: string;
  /** The general names. */
  readonly names: readonly string[];
  readonly #pipeline: string;
  readonly #general: Readonly<Record<string, TSchema>>;
  readonly #setsAside: (name: string) => readonly string[];

  constructor(pipeline: string, parts: readonly SettingsPart[]) {
    this.prefix = `${pipeline.toUpperCase().replaceAll('-', '_')}_`;
    this.#pipeline = pipeline;
    this.#general = Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<string, TSchema>;
    this.names = Object.keys(this.#general);
    this.#setsAside = (name) => parts.flatMap(({ setsAside = {} }) => setsAside[name] ?? []);
  }

  /** Its own settings: with the limits of the general ones, and without a default, in place of which those count. */
  schemas(): Record<string, TSchema> {
    return Object.fromEntries(
      Object.entries(this.#general).map(([name, general]) => {
        const schema = { ...general, description: `${name} of the pipeline ${this.#pipeline} alone.` };
        Reflect.deleteProperty(schema, 'default');
        return [this.prefix + name, Type.Optional(Type.Unsafe(schema))];
      }),
    );
  }

  /** What is set for this pipeline alone, by the general names. */
  ownAmong<T>(all: Readonly<Record<string, T>>): Record<string, T> {
    return Object.fromEntries(
      this.names.flatMap((name): [string, T][] => {
        const value = all[this.prefix + name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  }

  given(given: Given): Given {
    const own = this.ownAmong(given);
    const aside = this.#asideOf(own);
    return { ...Object.fromEntries(Object.entries(given).filter(([name]) => !aside.includes(name))), ...own };
  }

  values(values: Readonly<Record<string, unknown>>, given: Given): Record<string, unknown> {
    const aside = this.#asideOf(this.ownAmong(given));
    const defaultOf = (name: string) => (this.#general[name] as { default?: unknown } | undefined)?.default;
    const unset = Object.fromEntries(aside.map((name): [string, unknown] => [name, defaultOf(name)]));
    return { ...values, ...unset, ...this.ownAmong(values) };
  }

  /** General settings that do not count beside these of its own. */
  #asideOf(own: Readonly<Record<string, unknown>>): string[] {
    return Object.keys(own).flatMap(this.#setsAside);
  }
}

/** The name of a setting that a problem begins with. */
const nameIn = (problem: string): string => problem.split(' ', 1)[0] ?? '';
