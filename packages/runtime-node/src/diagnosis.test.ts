/** The texts are what ONNX Runtime 1.30 and Dawn printed, or, where a link stands above them, what others were shown. */

import { DenaryError } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { visibleGpus } from './devices.js';
import { diagnose, obstacleTo, unavailable } from './diagnosis.js';
import type { Machine } from './machine.js';

/** All that CUDA and WebGPU need is here. */
const whole: Machine = {
  platform: 'linux x64',
  built: ['cpu', 'webgpu', 'cuda', 'tensorrt'],
  gpu: true,
  nvidia: true,
  cudaProvider: true,
  cudaMissing: [],
  cudaInstaller: '/app/node_modules/onnxruntime-node/script/install.js',
};
const mac: Machine = { ...whole, platform: 'darwin arm64', built: ['cpu', 'webgpu', 'coreml'], nvidia: false };
const libraries = 'sudo apt-get install cuda-libraries-12-9 libcudnn9-cuda-12';
const vulkan = 'sudo apt-get install libvulkan1 mesa-vulkan-drivers';

const cudaCall =
  '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:114 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; bool THRW = true; SUCCTYPE = cudaError; std::conditional_t<THRW, void, common::Status> = void]';
const providerGet =
  '[E:onnxruntime:Default, provider_bridge_ort.cc:1862 TryGetProviderInfo_CUDA] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1539 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error:';
const noAdapter =
  '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n';

describe('what is in the way of CUDA', () => {
  it.each<[string, Machine, RegExp, RegExp]>([
    ['another platform', mac, /^onnxruntime-node has no cuda for darwin arm64$/, /'webgpu'/],
    // The first in the way is told, whatever comes after it.
    ['no driver', { ...whole, nvidia: false, cudaProvider: false }, /no NVIDIA driver/, /install nvidia-driver\)$/],
    [
      'no provider',
      { ...whole, cudaProvider: false },
      /provider is not installed/,
      /: ONNXRUNTIME_NODE_INSTALL=true node \/app\/node_modules\/onnxruntime-node\/script\/install\.js$/,
    ],
    [
      'one library',
      { ...whole, cudaMissing: ['libcudnn.so.9'] },
      /^libcudnn\.so\.9 is missing$/,
      new RegExp(`: ${libraries}$`),
    ],
    [
      'several',
      { ...whole, cudaMissing: ['libcudart.so.12', 'libcublas.so.12'] },
      /^libcudart\.so\.12, libcublas\.so\.12 are missing$/,
      new RegExp(`: ${libraries}$`),
    ],
  ])('%s', (_, machine, cause, remedy) => {
    const found = obstacleTo('cuda', machine);
    expect(found?.cause).toMatch(cause);
    expect(found?.remedy).toMatch(remedy);
  });

  it('nothing, as far as can be seen', () => {
    expect(obstacleTo('cuda', whole)).toBeUndefined();
  });
});

it('WebGPU is not in every build', () => {
  const arm = { ...whole, platform: 'linux arm64', built: ['cpu'] };
  expect(obstacleTo('webgpu', arm)).toMatchObject({ cause: 'onnxruntime-node has no webgpu for linux arm64' });
  expect(obstacleTo('webgpu', mac)).toBeUndefined();
  expect(obstacleTo('cpu', arm)).toBeUndefined();
});

describe('what CUDA failed with', () => {
  it.each<[string, string, RegExp, RegExp]>([
    // https://github.com/memoavatar/memo/issues/13
    [
      'a part of cuDNN',
      `${providerGet} libcudnn_adv.so.9: cannot open shared object file: No such file or directory`,
      /^libcudnn_adv\.so\.9 is missing$/,
      new RegExp(`: ${libraries}$`),
    ],
    // https://github.com/microsoft/onnxruntime/issues/10806
    [
      'a library that is loaded late',
      'Could not load library libcublasLt.so.10. Error: libcublasLt.so.10: cannot open shared object file: No such file or directory\nPlease make sure libcublasLt.so.10 is in your library path!',
      /^libcublasLt\.so\.10 is missing$/,
      new RegExp(`: ${libraries}$`),
    ],
    // https://github.com/onnxruntime/mobius/issues/316
    [
      'an old driver',
      `${cudaCall} CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=c4327188c000000 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=336 ; expr=cudaSetDevice(info_.device_id); `,
      /driver is too old/,
      /525\.60\.13/,
    ],
    // https://github.com/deepinsight/insightface/issues/2524
    [
      'no GPU for this process',
      `${cudaCall} CUDA failure 100: no CUDA-capable device is detected ; GPU=32712 ; hostname=HOME-PC ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=245 ; expr=cudaSetDevice(info_.device_id);`,
      /shows no GPU/,
      /CUDA_VISIBLE_DEVICES/,
    ],
    // https://github.com/microsoft/onnxruntime/issues/22441
    [
      'a GPU that it was not built for',
      "Non-zero status code returned while running Sigmoid node. Name:'/model.0/act/Sigmoid' Status Message: CUDA error cudaErrorNoKernelImageForDevice:no kernel image is available for execution on the device",
      /no code for this GPU/,
      /'webgpu'/,
    ],
    // https://github.com/microsoft/onnxruntime/issues/8594
    [
      'libraries of two versions',
      '/home/gpu/lib/libcublas.so.11: symbol free_gemm_select version libcublasLt.so.11 not defined in file libcublasLt.so.11 with link time reference',
      /do not belong together \(symbol free_gemm_select version libcublasLt\.so\.11/,
      /LD_LIBRARY_PATH/,
    ],
  ])('%s', (_, text, cause, remedy) => {
    const found = diagnose('cuda', text, whole);
    expect(found?.cause).toMatch(cause);
    expect(found?.remedy).toMatch(remedy);
  });
});

describe('what WebGPU failed with', () => {
  it.each<[string, string, RegExp, RegExp]>([
    [
      'no loader',
      `Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n    at operator() (/build/Release/_deps/dawn-src/src/dawn/native/vulkan/BackendVk.cpp:368)\n\n${noAdapter}`,
      /^the Vulkan loader \(libvulkan\.so\.1\) is missing$/,
      new RegExp(`: ${vulkan}$`),
    ],
    [
      'no driver',
      `Warning: vkCreateInstance: Found no drivers!\nWarning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER\n    at CheckVkSuccessImpl (/build/Release/_deps/dawn-src/src/dawn/native/vulkan/VulkanError.cpp:106)\n\n${noAdapter}`,
      /^Vulkan finds no driver/,
      new RegExp(`: ${vulkan}$`),
    ],
    ['no word of why', noAdapter, /^WebGPU finds no GPU/, new RegExp(`: ${vulkan}$`)],
  ])('%s', (_, text, cause, remedy) => {
    const found = diagnose('webgpu', text, whole);
    expect(found?.cause).toMatch(cause);
    expect(found?.remedy).toMatch(remedy);
    expect(diagnose('webgpu', text, { ...whole, gpu: false })?.cause).toBe(`${found?.cause}, and no GPU is visible`);
  });

  it('elsewhere than on Linux', () => {
    expect(diagnose('webgpu', noAdapter, mac)?.remedy).toMatch(/driver up to date/);
  });
});

describe('the error of a device that does not work', () => {
  it('says what is in the way before what was thrown', () => {
    const error = unavailable('cuda', new Error('Failed to load shared library'), { ...whole, cudaProvider: false });
    expect(error).toBeInstanceOf(DenaryError);
    expect(error).toMatchObject({
      code: 'device-unavailable',
      received: expect.stringMatching(/provider is not inst/),
    });
  });

  it('says what was thrown where nothing is known of it, without its place in the sources', () => {
    const text = '/onnxruntime_src/onnxruntime/core/a.cc:1 Foo(int) x == y was false. The moon\nis full.';
    expect(unavailable('cuda', new Error(text), whole)).toMatchObject({ received: 'The moon is full.' });
    expect(diagnose('webgpu', text, whole)).toBeUndefined();
  });
});

describe('the GPUs that are visible', () => {
  it.each<[string, Machine, string[]]>([
    ['with NVIDIA, installed or not', { ...whole, cudaProvider: false }, ['cuda', 'webgpu']],
    ['with another GPU', { ...whole, nvidia: false }, ['webgpu']],
    ['without a GPU', { ...whole, gpu: false, nvidia: false }, []],
    ['on a Mac', mac, ['webgpu']],
    ['where nothing is built', { ...whole, built: ['cpu'], nvidia: false }, []],
  ])('%s', (_, machine, gpus) => {
    expect(visibleGpus(machine)).toEqual(gpus);
  });
});
