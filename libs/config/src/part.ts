import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import type { UrlKind } from './urls.ts';

/** The settings that are set, as text, by their names. */
export type Given = Readonly<Record<string, string>>;

/** The settings of one package: each declared once with type, default, unit, consequence. */
export interface SettingsPart<P extends TProperties = TProperties, D extends object = object> {
  readonly properties: P;
  /** Settings whose names depend on what is set: those of each system. */
  further?(given: Given): Record<string, TSchema>;
  /** Whether anything reads these settings, with what is set; they are used where this is absent. */
  isUsed?(given: Given): boolean;
  /** What a setting leads to that is a URL. */
  urlKind?(name: string): UrlKind | undefined;
  /**
   * What no single setting shows, a sentence for each that begins with a setting's name. Values are never part of it.
   *
   * @param used - every setting that is composed and used, those of other parts too.
   */
  problems?(given: Given, used: Readonly<Record<string, TSchema>>): string[];
  /** Which general settings count no more for a pipeline that has one of these for itself, by the name of that. */
  readonly setsAside?: Readonly<Record<string, readonly string[]>>;
  /** What is made of the values, once there are no problems. */
  derived?(values: Readonly<Record<string, unknown>>, given: Given): D;
  /** The further settings as they are printed, one `[name, value]` each. */
  furtherEntries?(settings: D): [name: string, value: string][];
}

/** Declares the settings of a package. */
export const settingsPart = <const P extends TProperties, D extends object = object>(
  part: SettingsPart<P, D>,
): SettingsPart<P, D> => part;

/** The values of a part, and what is made of them. */
export type SettingsOf<Part> =
  Part extends SettingsPart<infer P, infer D> ? Readonly<Static<TObject<P>>> & Readonly<D> : never;

/** A port to listen on. */
export const portSetting = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum: 65_535, description });

/** A URL. What it must be is said by `urlKind` of its part. */
export const urlSetting = (value: string, description: string) => Type.String({ default: value, description });
