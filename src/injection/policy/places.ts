/** Places in the pod that are taken, and containers that are not there, as CEL: the same refusals as the engine's. */
import { PREFIX } from '../annotations.ts';
import { type Cel, cel, celConcat, celObject } from '../cel.ts';
import { NO_TOKEN_NAME } from '../engine/wanted.ts';
import { firstOfAll, quotedCel, refusal } from './refusal.ts';
import type { Variable } from './settings.ts';
import { portKey, reaches } from './steps.ts';

/** What is wrong with where things would go, in the engine's order. */
export function placeVariables(): Variable[] {
  return [
    {
      name: 'place_problem',
      expression: firstOfAll(
        cel`variables.steps.map(s, ${celConcat([unknownContainers(), cel`[${nameClash()}]`])}).flatten()`,
        twins(),
        mountClashes(),
        portClashes(),
        unknownVolumes(),
        mixed(),
      ),
    },
    { name: 'is_stale', expression: cel`variables.steps.exists(s, s.status == "stale")` },
  ];
}

function unknownContainers(): Cel {
  const names = cel`variables.application.map(a, a.name)`;
  const message = cel`${PREFIX} + s.it.instance + ".containers: no container " + ${quotedCel(cel`t`)} + "; there are " + ${names}.join(", ")`;
  return cel`s.it.targets.filter(t, !variables.application.exists(a, a.name == t)).map(t, ${refusal('unknown-container', message)})`;
}

function nameClash(): Cel {
  const told = (what: string, name: Cel) =>
    cel`s.it.instance + ${`: the pod has a ${what} `} + ${name} + " that is not Pillion's; rename it or the instance"`;
  const container = cel`s.it.containers.filter(c, c.name in variables.taken)`;
  const volume = cel`s.it.volumes.filter(v, v.name in variables.volume_names)`;
  return cel`s.status != "clash" ? []
    : size(${container}) > 0 ? ${refusal('name-clash', told('container', cel`${container}[0].name`))}
    : ${refusal('volume-clash', told('volume', cel`${volume}[0].name`))}`;
}

/** Two instances whose names make the same container or volume: `a` with a volume `-b`, and `a-b`. */
function twins(): Cel {
  const owned = cel`variables.steps.map(s, s.it.containers.map(c, {"of": string(s.it.instance), "what": "container " + c.name}) + s.it.volumes.map(v, {"of": string(s.it.instance), "what": "volume " + v.name})).flatten()`;
  const before = cel`l.slice(0, i).filter(p, p.what == o.what)`;
  const message = cel`o.of + " and " + ${before}[0].of + " both make the " + o.what + "; rename one"`;
  return cel`[${owned}].map(l, l.transformList(i, o, ${before}.size() > 0, ${refusal('name-clash', message)}))[0]`;
}

/** A mount of a new instance in a place that is taken, by the application or by an instance before it. */
function mountClashes(): Cel {
  const rivals = cel`m.rivals.filter(r, r.of.status == "new" && ${reaches(cel`r.of.it`)}).map(r, string(r.name))`;
  const taken = cel`a.mounts.filter(o, o.path == m.it.place).map(o, string(o.name)) + ${rivals}`;
  const message = cel`m.it.of.it.instance + ": " + m.it.json.mountPath + " of the container " + a.name + " is taken by the volume " + n + m.it.of.it.mountAdvice`;
  const inContainer = cel`(${taken}).filter(n, n != m.it.name).map(n, ${refusal('mount-clash', message)})`;
  const ofMount = cel`variables.application.filter(a, ${reaches(cel`m.it.of.it`)}).map(a, ${inContainer}).flatten()`;
  return cel`variables.mounts.filter(m, m.it.of.status == "new").map(m, ${ofMount}).flatten()`;
}

/** A port of a new instance that another container of the pod declares: all share one network. */
function portClashes(): Cel {
  const ports = cel`variables.steps.map(s, s.it.containers.map(c, c.?ports.orValue([]).map(p, ${celObject([
    { key: 'of', value: cel`s` },
    { key: 'name', value: cel`c.name` },
    { key: 'number', value: cel`p.containerPort` },
    { key: 'port', value: portKey(cel`p`) },
  ])})).flatten()).flatten()`;
  const settled = cel`l.filter(q, q.of.status != "new" && q.port == p.port).map(q, string(q.name))`;
  const before = cel`l.slice(0, i).filter(q, q.of.status == "new" && q.port == p.port).map(q, string(q.name))`;
  const foreign = cel`variables.application.filter(a, a.ports.exists(q, q == p.port)).map(a, string(a.name))`;
  const taken = cel`(${before} + ${settled} + ${foreign})`;
  const message = cel`p.of.it.instance + ": port " + string(p.number) + " is taken by the container " + n + p.of.it.portAdvice`;
  const clashes = cel`l.transformList(i, p, p.of.status == "new", ${taken}.map(n, ${refusal('port-clash', message)})).flatten()`;
  return cel`[${ports}].map(l, ${clashes})[0]`;
}

/** A mount of an injected container whose volume nobody defines. */
function unknownVolumes(): Cel {
  const made = cel`variables.steps.map(s, s.it.volumes.map(v, string(v.name)) + (s.it.hidesToken ? [${NO_TOKEN_NAME}] : [])).flatten()`;
  const known = cel`[variables.volume_names + ${made}]`;
  const used = cel`(s.it.containers.map(c, c.?volumeMounts.orValue([])).flatten() + s.it.mounts).map(m, string(m.name))`;
  const message = cel`s.it.instance + ": the pod has no volume " + n`;
  return cel`${known}.map(l, variables.steps.map(s, ${used}.filter(n, !(n in l)).map(n, ${refusal('unknown-volume', message)})).flatten())[0]`;
}

/** Old and new side by side could not be taken out again, nor told apart. */
function mixed(): Cel {
  const message = cel`s.it.instance + " was put in by another version of its profile: inject again without it"`;
  const stale = cel`variables.steps.filter(s, s.status == "stale").map(s, ${refusal('mixed-versions', message)})`;
  return cel`variables.steps.exists(s, s.status == "new") ? ${stale} : []`;
}
