import type { ApiKey } from "@obelisk/schemas/api-keys";
import { Ban, CircleCheck, Clock3, RefreshCw, RotateCw } from "lucide-react";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Row, Td, Th } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";

const faces: Record<ApiKey["status"], { label: string; tone: Tone; icon: typeof Ban }> = {
  active: { label: "Active", tone: "ok", icon: CircleCheck },
  rotating: { label: "Rotating", tone: "info", icon: RefreshCw },
  expired: { label: "Expired", tone: "idle", icon: Clock3 },
  revoked: { label: "Revoked", tone: "idle", icon: Ban },
};

export const keyColumns = (
  <>
    <Th>Name</Th>
    <Th>Status</Th>
    <Th>Scopes</Th>
    <Th title="When a request was last made with it, and from which address">Last used</Th>
    <Th>Expires</Th>
    <Th>
      <span className="sr-only">Actions</span>
    </Th>
  </>
);

interface KeyRowsProps {
  keys: readonly ApiKey[];
  refusal: string | null;
  onRotate: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
}

export function KeyRows({ keys, refusal, onRotate, onRevoke }: KeyRowsProps) {
  return keys.map((key) => {
    const { label, ...face } = faces[key.status];
    const over = key.status === "revoked" ? "It is revoked." : key.status === "expired" ? "It has expired. Create a new key." : null;
    return (
      <Row key={key.id}>
        <Td className="min-w-40">
          <span className="block font-medium">{key.name}</span>
          <span className="block font-mono text-xs whitespace-nowrap text-soft" title="First and last characters of the token">
            {key.prefix}…{key.lastFour}
          </span>
        </Td>
        <Td>
          <Badge {...face}>{label}</Badge>
          {key.previousTokenExpiresAt && key.status === "rotating" ? (
            <span className="mt-0.5 block text-xs whitespace-nowrap text-soft">
              old token ends <Time at={key.previousTokenExpiresAt} />
            </span>
          ) : null}
        </Td>
        <Td className="font-mono text-xs">
          {key.scopes.map((scope) => (
            <span key={scope} className="block whitespace-nowrap">
              {scope}
            </span>
          ))}
        </Td>
        <Td className="text-soft">
          {key.lastUsedAt ? <Time at={key.lastUsedAt} /> : "Never"}
          {key.lastUsedIp ? <span className="block font-mono text-xs whitespace-nowrap">{key.lastUsedIp}</span> : null}
        </Td>
        <Td className="text-soft">
          {key.status === "revoked" && key.revokedAt ? (
            <>
              Revoked <Time at={key.revokedAt} />
            </>
          ) : key.expiresAt ? (
            <Time at={key.expiresAt} />
          ) : (
            "Never"
          )}
        </Td>
        <Td>
          <span className="flex justify-end gap-1.5">
            <Button small refusal={refusal ?? over} onClick={() => onRotate(key)} icon={<RotateCw aria-hidden className="size-3.5" />}>
              Rotate
            </Button>
            <Button
              small
              refusal={refusal ?? (key.status === "revoked" ? over : null)}
              onClick={() => onRevoke(key)}
              icon={<Ban aria-hidden className="size-3.5" />}
            >
              Revoke
            </Button>
          </span>
        </Td>
      </Row>
    );
  });
}
