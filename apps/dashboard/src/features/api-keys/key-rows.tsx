import type { ApiKey, ApiKeyStatus } from "@obelisk/schemas/api-keys";
import { Ban, CircleCheck, Clock3, RefreshCw, RotateCw } from "lucide-react";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Id } from "../../ui/copy.tsx";
import { Row, Td, Th } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";

export const keyFaces: Record<ApiKeyStatus, { label: string; tone: Tone; icon: typeof Ban }> = {
  active: { label: "Active", tone: "ok", icon: CircleCheck },
  rotating: { label: "Rotating", tone: "info", icon: RefreshCw },
  expired: { label: "Expired", tone: "idle", icon: Clock3 },
  revoked: { label: "Revoked", tone: "idle", icon: Ban },
};

export const keyColumns = (
  <>
    <Th>Name</Th>
    <Th>Status</Th>
    <Th className="max-sm:hidden">Scopes</Th>
    <Th title="When a request was last made with it, and from which address" className="max-sm:hidden">
      Last used
    </Th>
    <Th className="max-sm:hidden">Expires</Th>
    <Th className="max-sm:hidden">
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

/** On a narrow screen the name's cell holds what else there is to know of a key, and the status's what can be done. */
export function KeyRows({ keys, refusal, onRotate, onRevoke }: KeyRowsProps) {
  return keys.map((key) => {
    const { label, ...face } = keyFaces[key.status];
    const actions = <Actions apiKey={key} refusal={refusal} onRotate={onRotate} onRevoke={onRevoke} />;
    return (
      <Row key={key.id}>
        <Td className="min-w-40 max-sm:align-top">
          <span className="block font-medium">{key.name}</span>
          <span className="block font-mono text-xs whitespace-nowrap text-soft" title="First and last characters of the token">
            {key.prefix}…{key.lastFour}
          </span>
          <Id id={key.id} what="the id" />
          <span className="mt-1.5 block space-y-0.5 text-xs text-soft sm:hidden">
            <Scopes of={key} />
            <span className="block">
              Last used: <LastUse of={key} />
            </span>
            <span className="block">
              {key.status === "revoked" ? null : "Expires: "}
              <End of={key} />
            </span>
          </span>
        </Td>
        <Td className="max-sm:align-top">
          <Badge {...face}>{label}</Badge>
          {key.previousTokenExpiresAt && key.status === "rotating" ? (
            <span className="mt-0.5 block text-xs whitespace-nowrap text-soft">
              old token ends <Time at={key.previousTokenExpiresAt} />
            </span>
          ) : null}
          <span className="mt-2 block sm:hidden">{actions}</span>
        </Td>
        <Td className="max-sm:hidden">
          <Scopes of={key} />
        </Td>
        <Td className="text-soft max-sm:hidden">
          <LastUse of={key} />
        </Td>
        <Td className="text-soft max-sm:hidden">
          <End of={key} />
        </Td>
        <Td className="max-sm:hidden">{actions}</Td>
      </Row>
    );
  });
}

function Scopes({ of: { scopes } }: { of: ApiKey }) {
  return scopes.map((scope) => (
    <span key={scope} className="block font-mono text-xs whitespace-nowrap">
      {scope}
    </span>
  ));
}

function LastUse({ of: { lastUsedAt, lastUsedIp } }: { of: ApiKey }) {
  return (
    <>
      {lastUsedAt ? <Time at={lastUsedAt} /> : "Never"}
      {lastUsedIp ? <span className="block font-mono text-xs whitespace-nowrap">{lastUsedIp}</span> : null}
    </>
  );
}

function End({ of: { status, revokedAt, expiresAt } }: { of: ApiKey }) {
  if (status === "revoked" && revokedAt)
    return (
      <>
        Revoked <Time at={revokedAt} />
      </>
    );
  return expiresAt ? <Time at={expiresAt} /> : "Never";
}

function Actions({ apiKey, refusal, onRotate, onRevoke }: Omit<KeyRowsProps, "keys"> & { apiKey: ApiKey }) {
  const { status } = apiKey;
  const over = status === "revoked" ? "It is revoked." : status === "expired" ? "It has expired. Create a new key." : null;
  return (
    <span className="flex gap-1.5 max-sm:flex-col max-sm:items-start sm:justify-end">
      <Button
        small
        aria-label={`Rotate ${apiKey.name}`}
        refusal={refusal ?? over}
        onClick={() => onRotate(apiKey)}
        icon={<RotateCw aria-hidden className="size-3.5" />}
      >
        Rotate
      </Button>
      <Button
        small
        aria-label={`Revoke ${apiKey.name}`}
        refusal={refusal ?? (status === "revoked" ? over : null)}
        onClick={() => onRevoke(apiKey)}
        icon={<Ban aria-hidden className="size-3.5" />}
      >
        Revoke
      </Button>
    </span>
  );
}
