import { MalformedAnswer } from "./answers.ts";
import { characters, JsonBytes, unreadable } from "./json-bytes.ts";
import { addressBytes, hashBytes, inChainOrder, LogBatch, type LogNumbers, logParts, unknownTime } from "./log-batch.ts";

const { quote, comma, colon, listStart, listEnd, objectStart, objectEnd } = characters;

/** A log's share of an answer, roughly: with it the batch rarely has to grow. */
const answerBytesPerLog = 600;
const highestIndex = 2 ** 31 - 1;

/**
 * Reads the answer to `eth_getLogs` from its bytes: parsing it into objects first takes several times as long.
 * @returns the logs in the order of the chain; null where the answer holds an error or no list of logs, or is no JSON.
 * @throws MalformedAnswer where a log isn't what the method promises.
 */
export function scanLogs(answer: Buffer): LogBatch | null {
  const json = new JsonBytes(answer);
  let logs: LogBatch | null = null;
  try {
    json.take(objectStart);
    do {
      const start = json.text();
      const end = json.at - 1;
      json.take(colon);
      if (json.equals(start, end, "result")) {
        if (json.peek() !== listStart) return null;
        logs = scanList(json);
      } else if (json.equals(start, end, "error") && json.peek() !== "n".charCodeAt(0)) {
        return null;
      } else {
        json.skip();
      }
    } while (json.took(comma));
    json.take(objectEnd);
  } catch (error) {
    if (error === unreadable) return null;
    throw error;
  }
  return logs && inChainOrder([logs]);
}

function scanList(json: JsonBytes): LogBatch {
  const logs = new LogBatch(Math.ceil(json.bytes.length / answerBytesPerLog) * (logParts.data + hashBytes));
  json.take(listStart);
  if (json.took(listEnd)) return logs;
  const order: number[] = [];
  do scanLog(json, logs, order);
  while (json.took(comma));
  json.take(listEnd);
  return logs;
}

const names = [
  "address",
  "topics",
  "data",
  "blockNumber",
  "blockHash",
  "transactionHash",
  "transactionIndex",
  "logIndex",
  "blockTimestamp",
  "removed",
] as const;
type Name = (typeof names)[number];

/** Fields by their place in `names`: numbers, since texts as keys would be the slowest part of reading a log. */
const field = Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>;
const unknownField = names.length;
const required = names.filter((name) => name !== "blockTimestamp" && name !== "removed");
const allRequired = required.reduce((bits, name) => bits | (1 << field[name]), 0);
const written = names.map((name) => Buffer.from(`"${name}":`));

/**
 * Reads the name of a member and the colon behind it.
 * @param order the fields in the order of the log before, in which most nodes write them all; is corrected.
 */
function scanName(json: JsonBytes, order: number[], place: number): number {
  const expected = written[order[place] ?? unknownField];
  if (expected && json.tookBytes(expected)) return order[place] as number;
  const start = json.text();
  const end = json.at - 1;
  json.take(colon);
  const found = names.findIndex((name) => json.equals(start, end, name));
  order[place] = found < 0 ? unknownField : found;
  return order[place];
}

function scanLog(json: JsonBytes, logs: LogBatch, order: number[]): void {
  const numbers: LogNumbers = { blockNumber: 0, logIndex: 0, transactionIndex: 0, timestamp: unknownTime, topicCount: 0 };
  let dataBytes = 0;
  let seen = 0;
  if (!json.took(objectStart)) throw new MalformedAnswer("a log is no object");
  logs.reserve(0);
  let place = 0;
  do {
    const found = scanName(json, order, place++);
    seen |= 1 << found;
    switch (found) {
      case field.address:
        scanHex(json, logs, logParts.address, addressBytes, "address");
        break;
      case field.blockHash:
        scanHex(json, logs, logParts.blockHash, hashBytes, "blockHash");
        break;
      case field.transactionHash:
        scanHex(json, logs, logParts.transactionHash, hashBytes, "transactionHash");
        break;
      case field.topics:
        numbers.topicCount = scanTopics(json, logs);
        break;
      case field.data:
        dataBytes = json.hexBytes();
        if (!Number.isInteger(dataBytes)) throw notHex("data");
        logs.reserve(dataBytes);
        scanHex(json, logs, logParts.data, dataBytes, "data");
        break;
      case field.blockNumber:
        numbers.blockNumber = scanQuantity(json, "blockNumber");
        break;
      case field.logIndex:
        numbers.logIndex = scanIndex(json, "logIndex");
        break;
      case field.transactionIndex:
        numbers.transactionIndex = scanIndex(json, "transactionIndex");
        break;
      case field.blockTimestamp:
        // Some nodes say null, some leave it out.
        if (json.peek() === quote) numbers.timestamp = scanQuantity(json, "blockTimestamp");
        else json.skip();
        break;
      case field.removed:
        if (json.peek() === "t".charCodeAt(0)) throw new MalformedAnswer("a log is marked as removed");
        json.skip();
        break;
      default:
        json.skip();
    }
  } while (json.took(comma));
  json.take(objectEnd);
  if ((seen & allRequired) !== allRequired)
    throw new MalformedAnswer(`a log lacks ${required.filter((name) => !(seen & (1 << field[name]))).join(", ")}`);
  logs.add(numbers, dataBytes);
}

function scanTopics(json: JsonBytes, logs: LogBatch): number {
  json.take(listStart);
  if (json.took(listEnd)) return 0;
  let count = 0;
  do {
    if (count === 4) throw new MalformedAnswer("log.topics is no list of at most 4");
    scanHex(json, logs, logParts.topics + count * hashBytes, hashBytes, "topics");
    count++;
  } while (json.took(comma));
  json.take(listEnd);
  return count;
}

function scanHex(json: JsonBytes, logs: LogBatch, part: number, length: number, name: Name): void {
  if (!json.hex(logs.bytes, logs.end + part, length)) throw notHex(name);
}

function scanQuantity(json: JsonBytes, name: Name): number {
  const value = json.quantity();
  if (value === null) throw new MalformedAnswer(`log.${name} is no quantity`);
  return value;
}

/** A place within a block, which the tables keep in 32 bits. */
function scanIndex(json: JsonBytes, name: Name): number {
  const value = scanQuantity(json, name);
  if (value > highestIndex) throw new MalformedAnswer(`log.${name} is beyond every block's`);
  return value;
}

function notHex(name: Name): MalformedAnswer {
  return new MalformedAnswer(`log.${name} is not the hex it should be`);
}
