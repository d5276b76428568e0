import { Button, Group, NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { useId, useState, type SubmitEvent } from 'react';
import * as v from 'valibot';
import { fromLocalInput, toLocalInput } from '../url/local-time.ts';

/** One thing a list can be narrowed by. */
export type Field<Name extends string> = {
  readonly name: Name;
  readonly label: string;
  /** Stands below the field: what a person must know before they fill it. */
  readonly description?: string;
} & (
  | { readonly kind: 'text' | 'digits'; readonly hint?: string }
  | { readonly kind: 'time' }
  | { readonly kind: 'choice'; readonly options: readonly Option[]; readonly none?: string }
);

/** Up to 19 digits, in groups of three or not. */
const WHOLE_NUMBER = '\\s*([0-9]{1,19}|[0-9]{1,3}(,[0-9]{3}){1,5}|[0-9](,[0-9]{3}){6})\\s*';

/** A value, or a value and what it is called. */
type Option = string | { readonly value: string; readonly label: string };

interface FilterFormProps<Search extends object> {
  readonly label: string;
  readonly fields: readonly Field<keyof Search & string>[];
  /** What the address may say; it makes of the form's texts what the page takes. */
  readonly schema: v.GenericSchema<unknown, Search>;
  readonly values: Search;
  readonly onFilled: (values: Search) => void;
}

/** What a list is narrowed by. Nothing is asked before it is submitted; the address keeps it. */
export function FilterForm<Search extends object>(props: FilterFormProps<Search>) {
  const { label, fields, schema, values, onFilled } = props;
  const [resets, setResets] = useState(0);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    onFilled(v.parse(schema, Object.fromEntries(fields.map((field) => [field.name, valueOf(field, data)]))));
  };
  return (
    // Another address fills the form anew; so does a reset, which may leave the address as it is.
    <form aria-label={label} key={`${resets} ${JSON.stringify(values)}`} onSubmit={submit}>
      <SimpleGrid
        cols={{ base: 2, sm: 3, md: 4, lg: fields.length > 6 ? 4 : fields.length }}
        spacing="xs"
        verticalSpacing="xs"
      >
        {fields.map((field) => (
          <Control key={field.name} field={field} value={values[field.name] as string | undefined} />
        ))}
      </SimpleGrid>
      <Group mt="xs" gap="xs">
        <Button type="submit" size="xs">
          Search
        </Button>
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          onClick={() => {
            setResets(resets + 1);
            onFilled(v.parse(schema, {}));
          }}
        >
          Reset
        </Button>
      </Group>
    </form>
  );
}

function valueOf(field: Field<string>, data: FormData): string | undefined {
  const entry = data.get(field.name);
  const value = typeof entry === 'string' ? entry.trim() : '';
  if (field.kind === 'time') return fromLocalInput(value);
  return value === '' ? undefined : value;
}

interface ControlProps {
  readonly field: Field<string>;
  readonly value: string | undefined;
}

function Control({ field, value = '' }: ControlProps) {
  const common = { ...useCommon(field), placeholder: 'hint' in field ? field.hint : '' };
  switch (field.kind) {
    case 'choice':
      return <Choice field={field} value={value} />;
    case 'time':
      return <TextInput {...common} type="datetime-local" step={1} defaultValue={toLocalInput(value)} />;
    case 'digits':
      return (
        <TextInput
          {...common}
          inputMode="numeric"
          pattern={WHOLE_NUMBER}
          title="A whole number: 34868, or 34,868."
          defaultValue={value}
        />
      );
    case 'text':
      return <TextInput {...common} defaultValue={value} />;
  }
}

/** What is chosen stays chosen while the choices come and go: they are asked for, and change by themselves. */
function Choice({ field, value }: { readonly field: Field<string> & { kind: 'choice' }; readonly value: string }) {
  const [chosen, setChosen] = useState(value);
  const { options, none = 'any' } = field;
  const isOffered =
    chosen === '' || options.some((option) => (typeof option === 'string' ? option : option.value) === chosen);
  return (
    <NativeSelect
      {...useCommon(field)}
      data={[{ value: '', label: none }, ...options, ...(isOffered ? [] : [chosen])]}
      value={chosen}
      onChange={(event) => {
        setChosen(event.currentTarget.value);
      }}
    />
  );
}

function useCommon({ name, label, description }: Field<string>) {
  const inputWrapperOrder: ('label' | 'input' | 'description')[] = ['label', 'input', 'description'];
  return { id: useId(), name, label, description, inputWrapperOrder, size: 'xs' } as const;
}
