# SPDX-License-Identifier: Apache-2.0
#
# ci/msvc.ps1: builds with Visual Studio and vcpkg's APR and runs the suite;
# then installs bufv by the overlay port in packaging/vcpkg and builds and runs
# a project that finds it. Needs VCPKG_INSTALLATION_ROOT (GitHub's machines set
# it) or VCPKG_ROOT.

param(
    [string] $Triplet = 'x64-windows',
    [string] $Config = 'RelWithDebInfo'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

# PowerShell goes on after a program that fails; this does not.
function Invoke-Step {
    param([string] $Program, [Parameter(ValueFromRemainingArguments)] $Rest)
    Write-Host "==> $Program $Rest"
    & $Program @Rest
    if ($LASTEXITCODE -ne 0) {
        throw "$Program ended with $LASTEXITCODE"
    }
}

$root = $env:VCPKG_INSTALLATION_ROOT
if (-not $root) { $root = $env:VCPKG_ROOT }
if (-not $root) { throw 'set VCPKG_ROOT to where vcpkg is' }
$vcpkg = Join-Path $root 'vcpkg.exe'
$toolchain = Join-Path $root 'scripts/buildsystems/vcpkg.cmake'
if ($env:VCPKG_DEFAULT_BINARY_CACHE) {
    New-Item -ItemType Directory -Force $env:VCPKG_DEFAULT_BINARY_CACHE |
        Out-Null
}

# check cannot fork there; and vcpkg does not copy its DLL beside the programs.
$env:CK_FORK = 'no'
$env:PATH = "$(Join-Path $root "installed/$Triplet/bin");$env:PATH"

Invoke-Step $vcpkg install apr apr-util openssl check "--triplet=$Triplet"
foreach ($backend in 'win32', 'generic') {
    $build = "build/msvc-$backend"
    Invoke-Step cmake '-S' . '-B' $build '-A' x64 `
        "-DCMAKE_TOOLCHAIN_FILE=$toolchain" "-DVCPKG_TARGET_TRIPLET=$Triplet" `
        "-DBUFV_BACKEND=$backend"
    Invoke-Step cmake '--build' $build '--config' $Config '--parallel'
    Invoke-Step ctest '--test-dir' $build '-C' $Config '--output-on-failure'
}

Invoke-Step $vcpkg install 'bufv[brigade,openssl]' "--triplet=$Triplet" `
    '--overlay-ports=packaging/vcpkg/ports'
$build = 'build/msvc-consumer'
Invoke-Step cmake '-S' test/consumer/project '-B' $build '-A' x64 `
    "-DCMAKE_TOOLCHAIN_FILE=$toolchain" "-DVCPKG_TARGET_TRIPLET=$Triplet" `
    '-DHOW=find_package' '-DCOMPONENTS=brigade,openssl'
Invoke-Step cmake '--build' $build '--config' $Config
Invoke-Step ctest '--test-dir' $build '-C' $Config '--output-on-failure'
