import { defaultStyles, JsonView } from 'react-json-view-lite';
import 'react-json-view-lite/dist/index.css';
import classes from './body.module.css';

const style = {
  ...defaultStyles,
  container: classes.tree ?? '',
  label: classes.label ?? '',
  clickableLabel: classes.label ?? '',
  stringValue: classes.string ?? '',
  numberValue: classes.figure ?? '',
  booleanValue: classes.figure ?? '',
  nullValue: classes.figure ?? '',
  undefinedValue: classes.figure ?? '',
  otherValue: classes.figure ?? '',
  collapseIcon: `${defaultStyles.collapseIcon} ${classes.fold}`,
  expandIcon: `${defaultStyles.expandIcon} ${classes.fold}`,
  collapsedContent: `${defaultStyles.collapsedContent} ${classes.fold}`,
  punctuation: classes.punctuation ?? '',
};

/** JSON to fold and unfold. */
export default function JsonTree({ value }: { readonly value: object }) {
  return <JsonView data={value} style={style} clickToExpandNode aria-label="Body as a tree" />;
}
