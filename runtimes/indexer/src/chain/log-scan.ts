import { MalformedAnswer } from "./answers.ts";
import { characters, JsonBytes, unreadable } from "./json-bytes.ts";
import { addressBytes, hashBytes, inChainOrder, LogBatch, type LogNumbers, logParts, unknownTime } from "./log-batch.ts";

const { quote, comma, colon, listStart, listEnd, objectStart, objectEnd } = characters;

/** A log's share of an answer, roughly: with it the batch rarely has to grow. */
const answerBytesPerLog = 600;

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
  do scanLog(json, logs);
  while (json.took(comma));
  json.take(listEnd);
  return logs;
}

const fields = [
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
type Field = (typeof fields)[number];

const required = ["address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "transactionIndex", "logIndex"] as const;
const bitOf = Object.fromEntries(fields.map((field, i) => [field, 1 << i])) as Record<Field, number>;
const allRequired = required.reduce((bits, field) => bits | bitOf[field], 0);

/** Fields by their length, which nearly tells them apart. */
const byLength = Array.from({ length: 20 }, (_, length) => fields.filter((field) => field.length === length));

function fieldAt(json: JsonBytes, start: number, end: number): Field | null {
  for (const field of byLength[end - start] ?? []) if (json.equals(start, end, field)) return field;
  return null;
}

function scanLog(json: JsonBytes, logs: LogBatch): void {
  const numbers: LogNumbers = { blockNumber: 0, logIndex: 0, transactionIndex: 0, timestamp: unknownTime, topicCount: 0 };
  let dataBytes = 0;
  let seen = 0;
  if (!json.took(objectStart)) throw new MalformedAnswer("a log is no object");
  logs.reserve(0);
  do {
    const start = json.text();
    const field = fieldAt(json, start, json.at - 1);
    json.take(colon);
    if (field === null) {
      json.skip();
      continue;
    }
    seen |= bitOf[field];
    switch (field) {
      case "address":
        scanHex(json, logs, logParts.address, addressBytes, field);
        break;
      case "blockHash":
      case "transactionHash":
        scanHex(json, logs, logParts[field], hashBytes, field);
        break;
      case "topics":
        numbers.topicCount = scanTopics(json, logs);
        break;
      case "data":
        dataBytes = json.hexBytes();
        if (!Number.isInteger(dataBytes)) throw notHex(field);
        logs.reserve(dataBytes);
        scanHex(json, logs, logParts.data, dataBytes, field);
        break;
      case "removed":
        if (json.peek() === "t".charCodeAt(0)) throw new MalformedAnswer("a log is marked as removed");
        json.skip();
        break;
      case "blockTimestamp":
        // Some nodes say null, some leave it out.
        if (json.peek() === quote) numbers.timestamp = scanQuantity(json, field);
        else json.skip();
        break;
      default:
        numbers[field] = scanQuantity(json, field);
    }
  } while (json.took(comma));
  json.take(objectEnd);
  if ((seen & allRequired) !== allRequired)
    throw new MalformedAnswer(`a log lacks ${required.filter((field) => !(seen & bitOf[field])).join(", ")}`);
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

function scanHex(json: JsonBytes, logs: LogBatch, part: number, length: number, field: Field): void {
  if (!json.hex(logs.bytes, logs.end + part, length)) throw notHex(field);
}

function scanQuantity(json: JsonBytes, field: Field): number {
  const value = json.quantity();
  if (value === null) throw new MalformedAnswer(`log.${field} is no quantity`);
  return value;
}

function notHex(field: Field): MalformedAnswer {
  return new MalformedAnswer(`log.${field} is not the hex it should be`);
}
