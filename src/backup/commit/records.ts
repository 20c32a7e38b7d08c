/** What the records on a volume may hold. They are parsed with suspicion: others can write there. */
import * as v from 'valibot';
import { wholeNumber } from '../../core/whole-number.ts';

const time = wholeNumber();
const id = v.pipe(v.string(), v.regex(/^[\w.:-]{1,200}$/));
const snapshot = v.object({ id, time });
const MAX_ID = 0xff_ff_ff_fe;
/** A name in a directory, each byte as one character. */
const name = v.pipe(
  v.string(),
  v.check(
    (text) => text !== '' && text !== '.' && text !== '..' && !/[/\0\u0100-\uffff]/.test(text),
    'no name',
  ),
);

const MARKER = v.object({
  version: v.literal(1),
  volume: v.pipe(v.string(), v.maxLength(1000)),
  origin: v.picklist(['restored', 'adopted', 'started-empty']),
  snapshot: v.optional(snapshot),
  since: time,
});

const STAGE = v.object({ version: v.literal(1), snapshot });

const ATTRIBUTES = v.object({
  mode: wholeNumber(0o7777),
  uid: wholeNumber(MAX_ID),
  gid: wholeNumber(MAX_ID),
  /** As text: JSON has no integers of this size. */
  mtimeNs: v.pipe(
    v.string(),
    v.regex(/^-?\d{1,21}$/),
    v.transform((text) => BigInt(text)),
  ),
});

const JOURNAL = v.object({
  version: v.literal(1),
  /** Below the folder of quarantines. */
  quarantine: name,
  /** The directory below the stage that becomes the volume. */
  root: v.array(name),
  /** What the root of the volume is to be like. */
  attributes: ATTRIBUTES,
  /** Directories that had to be made writable to be moved, and the modes that they are given back. */
  modes: v.array(v.object({ name, isNew: v.boolean(), mode: wholeNumber(0o7777) })),
  marker: MARKER,
  keepQuarantines: wholeNumber(),
  /** There for what is judged when it is in place, and may be taken back. */
  undo: v.optional(
    v.object({
      /** What the stage brings: nothing else is taken back. Without it, because it would be too large: all there is. */
      entries: v.optional(v.array(name)),
      /** What the root of the volume was like. */
      attributes: ATTRIBUTES,
    }),
  ),
});

export type Journal = v.InferOutput<typeof JOURNAL>;
export type Attributes = Journal['attributes'];

export const parseMarker = (value: unknown) => v.parse(MARKER, value);
export const parseStage = (value: unknown) => v.parse(STAGE, value);
export const parseJournal = (value: unknown): Journal => v.parse(JOURNAL, value);

/** As it is written. */
export const journalRecord = ({ undo, ...journal }: Journal) => ({
  ...journal,
  attributes: attributesRecord(journal.attributes),
  ...(undo === undefined ? {} : { undo: { ...undo, attributes: attributesRecord(undo.attributes) } }),
});

const attributesRecord = (attributes: Attributes) => ({ ...attributes, mtimeNs: String(attributes.mtimeNs) });
