// The methods of the contract that this control plane does not carry out as yet, each with the sentence that its callers read.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";

const schedules =
  "backup schedules are not part of this control plane as yet; call CreateBackup from a scheduler of yours";
const volumes =
  "volumes are not part of this control plane as yet; a backup holds the whole of the game's directory";
const fixedConfigs =
  "game configs cannot be changed as yet; create a new one and deploy it with DeployGameConfig";

/** Why, by the method's local name. */
export const notImplemented = {
  triggerBackup: schedules,
  createBackupConfig: schedules,
  getBackupConfig: schedules,
  listBackupConfigs: schedules,
  updateBackupConfig: schedules,
  deleteBackupConfig: schedules,
  addBackupConfigAction: schedules,
  removeBackupConfigAction: schedules,
  listBackupConfigActions: schedules,
  updateGameConfig: fixedConfigs,
  deleteGameConfig: fixedConfigs,
  createGameConfigVolume: volumes,
  getGameConfigVolume: volumes,
  listGameConfigVolumes: volumes,
} as const satisfies Partial<Record<keyof typeof ManManAPI.method, string>>;
