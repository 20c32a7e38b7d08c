/**
 * Reads a published tree through its link, again and again, until its stdin ends. Prints what it saw as JSON. As long
 * as the link stays as it is, all files of the tree must be there, be whole, and be of one version.
 */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { FILES, wholeContent } from '../tree.ts';
import { readUntilStdinEnds } from './until-stdin-ends.ts';

interface Report {
  rounds: number;
  switches: number;
  readonly versions: string[];
  readonly violations: string[];
}

const [link = ''] = process.argv.slice(2);
const report: Report = { rounds: 0, switches: 0, versions: [], violations: [] };

/** Changes whenever the link is replaced, even by one with the same target. */
function identity(): string {
  const { ino, ctimeNs } = lstatSync(link, { bigint: true });
  return `${readlinkSync(link)} ${ino} ${ctimeNs}`;
}

function read(name: string): string {
  try {
    return readFileSync(path.join(link, name), 'utf8');
  } catch (error) {
    return `<${error instanceof Error ? error.message : 'unreadable'}>`;
  }
}

function readOnce(): void {
  let before: string;
  try {
    before = identity();
  } catch (error) {
    report.violations.push(`the link: ${String(error)}`);
    return;
  }
  const contents = FILES.map(read);
  if (identity() !== before) {
    report.switches += 1;
    return;
  }
  const version = contents[0]?.split('\n')[0] ?? '';
  FILES.forEach((name, index) => {
    if (contents[index] !== wholeContent(name, version)) {
      report.violations.push(
        `${name} in ${before} is not whole, version ${version}: ${contents[index]?.slice(0, 80)}`,
      );
    }
  });
  if (!report.versions.includes(version)) {
    report.versions.push(version);
  }
  report.rounds += 1;
}

readUntilStdinEnds(readOnce, report);
