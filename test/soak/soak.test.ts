// The soak in its short form, so that its code never rots; and that it would see what it looks for.
import { PutObjectCommand, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect, onTestFailed, test } from "vitest";
import { Soak } from "./soak.ts";

const minute = 60_000;

test(
  "half a minute of load and faults leaves two ledgers that agree, and what is then planted is found",
  async () => {
    const lines: string[] = [];
    onTestFailed(({ task }) => {
      const [error] = task.result?.errors ?? [];
      if (error !== undefined) error.message += `\n${lines.join("\n")}`;
    });
    const soak = await Soak.open(
      {
        seed: 3,
        minutes: 0.5,
        faults: "everything",
        faultEverySeconds: 7,
        backupsPerSecond: 3,
        hostProcesses: 2,
        hostsPerProcess: 2,
        isMeasured: false,
        warmUpMinutes: 0,
      },
      (line) => lines.push(line),
    );
    try {
      const report = await soak.run(new AbortController().signal);
      expect(report.differences).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(20);
      expect(report.ended["completed"]).toBeGreaterThan(10);
      expect(Object.keys(report.faultCounts).length).toBeGreaterThan(0);

      const { outcomes } = await soak.check();
      const lost = outcomes.records.find(({ status }) => status === "completed");
      const { client, name: Bucket } = soak.deployment.bucket;
      await client.send(new DeleteObjectCommand({ Bucket, Key: lost?.objectKey }));
      await client.send(new PutObjectCommand({ Bucket, Key: "backups/1/999999", Body: "x" }));
      expect((await soak.check()).differences).toEqual([
        `backup ${lost?.backupId} is completed, and ${lost?.objectKey} is not in the bucket`,
        "no completed record owns backups/1/999999",
      ]);
    } finally {
      await soak.close();
    }
  },
  8 * minute,
);
