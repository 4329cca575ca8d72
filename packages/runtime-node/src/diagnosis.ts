/**
 * Why a GPU does not work, and what to do about it: told from the machine and from what ONNX Runtime and the drivers print.
 * What CUDA needs is in onnxruntime-node's script/install-metadata.js and at
 * https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html (CUDA 12, cuDNN 9).
 */

import { type DenaryError, type Device, deviceUnavailable, messageOf } from '@denary/core';
import { type Machine, thisMachine } from './machine.js';

export interface Diagnosis {
  readonly cause: string;
  /** What helps; a command to type stands at its end, after a colon. */
  readonly remedy: string;
}

/** Why a device cannot work here, as far as that can be seen without trying it. */
export function obstacleTo(device: Device, machine: Machine = thisMachine()): Diagnosis | undefined {
  const { platform, built, nvidia, cudaProvider, cudaMissing, cudaInstaller } = machine;
  if ((device === 'cuda' || device === 'webgpu') && !built.includes(device)) {
    const other = device === 'cuda' && built.includes('webgpu') ? "Use device 'webgpu'." : "Use device 'cpu'.";
    return { cause: `onnxruntime-node has no ${device} for ${platform}`, remedy: other };
  }
  if (device !== 'cuda') return undefined;
  if (!nvidia) return { cause: 'no NVIDIA driver is loaded', remedy: NVIDIA_DRIVER };
  if (!cudaProvider) {
    return {
      cause: "onnxruntime-node's CUDA provider is not installed",
      remedy: `Download it: ONNXRUNTIME_NODE_INSTALL=true node ${cudaInstaller}`,
    };
  }
  return cudaMissing.length > 0 ? librariesMissing(cudaMissing) : undefined;
}

/** What the words say that were printed and thrown when a device failed; undefined where they are not known. */
export function diagnose(device: Device, text: string, machine: Machine = thisMachine()): Diagnosis | undefined {
  const known = device === 'cuda' || device === 'webgpu' ? signs[device] : [];
  for (const { sign, told } of known) {
    const match = sign.exec(text);
    if (!match) continue;
    const { cause, remedy } = told(match, machine);
    return { cause: machine.gpu ? cause : `${cause}, and no GPU is visible`, remedy };
  }
  return undefined;
}

/** For a device that did not work: `device-unavailable`, with what is in the way and how to get it out. */
export function unavailable(device: Device, thrown: unknown, machine: Machine = thisMachine()): DenaryError {
  const text = messageOf(thrown);
  const { cause, remedy } = obstacleTo(device, machine) ??
    diagnose(device, text, machine) ?? { cause: shortened(text), remedy: "Use device 'cpu', which every machine has." };
  return deviceUnavailable(`a working ${device}`, cause, remedy, thrown);
}

interface Sign {
  readonly sign: RegExp;
  told(match: RegExpExecArray, machine: Machine): Diagnosis;
}

const NVIDIA_DRIVER =
  'Start a container with --gpus all; otherwise install the driver of the NVIDIA GPU: sudo ubuntu-drivers install (Debian: sudo apt-get install nvidia-driver)';
/** From NVIDIA's own package repository, which https://developer.nvidia.com/cuda-downloads sets up. */
const INSTALL_LIBRARIES = 'sudo apt-get install cuda-libraries-12-9 libcudnn9-cuda-12';
const INSTALL_VULKAN = 'sudo apt-get install libvulkan1 mesa-vulkan-drivers';

const librariesMissing = (names: readonly string[]): Diagnosis => ({
  cause: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} missing`,
  remedy: `Put the folder of CUDA 12 and cuDNN 9 into LD_LIBRARY_PATH, or install them from NVIDIA's repository (https://developer.nvidia.com/cuda-downloads): ${INSTALL_LIBRARIES}`,
});

const signs: { readonly [D in 'cuda' | 'webgpu']: readonly Sign[] } = {
  cuda: [
    {
      // cuDNN loads some of its parts when it needs them: ldd does not see those.
      sign: /(lib(?:cu|nv)[\w-]*\.so[.\d]*): cannot open shared object file|Could not load library (lib[\w-]+\.so[.\d]*\d)/,
      told: ([, opened, loaded]) => librariesMissing([opened ?? loaded!]),
    },
    {
      sign: /CUDA driver version is insufficient for CUDA runtime version/,
      told: () => ({
        cause: 'the NVIDIA driver is too old for CUDA 12',
        remedy: `CUDA 12 needs driver 525.60.13 or later; nvidia-smi tells yours. ${NVIDIA_DRIVER}`,
      }),
    },
    {
      sign: /no CUDA-capable device is detected/,
      told: () => ({
        cause: 'the NVIDIA driver shows no GPU to this process',
        remedy: 'See what nvidia-smi lists, unset CUDA_VISIBLE_DEVICES, and start a container with --gpus all.',
      }),
    },
    {
      sign: /no kernel image is available for execution on the device/,
      told: () => ({
        cause: "onnxruntime-node's CUDA provider has no code for this GPU",
        remedy: "Use device 'webgpu', which compiles for the GPU that is there.",
      }),
    },
    {
      sign: /undefined symbol: [\w@.]+|symbol \S+ version \S+ not defined in file [\w.]+/,
      told: ([found]) => ({
        cause: `the CUDA libraries do not belong together (${found})`,
        remedy: `Leave other versions than CUDA 12 and cuDNN 9 out of LD_LIBRARY_PATH, or install those: ${INSTALL_LIBRARIES}`,
      }),
    },
  ],
  webgpu: [
    {
      sign: /(libvulkan\.so\.1): cannot open shared object file/,
      told: ([, name]) => ({
        cause: `the Vulkan loader (${name}) is missing`,
        remedy: `Install it, and a driver (NVIDIA's has its own for Vulkan): ${INSTALL_VULKAN}`,
      }),
    },
    {
      sign: /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/,
      told: () => ({
        cause: 'Vulkan finds no driver of a GPU',
        remedy: `Give a container the GPU (--device /dev/dri; --gpus all with NVIDIA_DRIVER_CAPABILITIES=all); otherwise install a driver (NVIDIA's has its own for Vulkan): ${INSTALL_VULKAN}`,
      }),
    },
    {
      sign: /Failed to get a WebGPU adapter/,
      told: (_, { platform }) => ({
        cause: 'WebGPU finds no GPU that it can use',
        remedy: platform.startsWith('linux')
          ? `Install the Vulkan loader and a driver (Mesa's software driver will not do): ${INSTALL_VULKAN}`
          : "Bring the system and the GPU's driver up to date.",
      }),
    },
  ],
};

/** ONNX Runtime's message without the place in its sources that comes first, on one line. */
const shortened = (text: string): string =>
  text
    .replace(/^\S*\/onnxruntime_src\/\S+ .*? was false\. /s, '')
    .replace(/\s+/g, ' ')
    .trim();
