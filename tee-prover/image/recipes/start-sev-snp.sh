#!/bin/sh
# Starts the prover's VM on a host with SEV-SNP: QEMU 9.2 or later, Linux 6.11 or later. Usage: start-sev-snp.sh FOLDER
# The folder holds OVMF.fd (edk2's OvmfPkg/AmdSev), vmlinuz, initrd.img and kernel-command-line. All four, the number of
# processors and their type are measured: 'l2 measure' of the same words gives the launch digest.
set -eu
exec qemu-system-x86_64 -enable-kvm -nographic -no-reboot -cpu EPYC-v4 -smp 8 -m 32G \
  -machine q35,confidential-guest-support=sev0,memory-backend=ram,vmport=off \
  -object memory-backend-memfd,id=ram,size=32G,share=true,prealloc=false \
  -object sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x30000,kernel-hashes=on \
  -bios "$1/OVMF.fd" -kernel "$1/vmlinuz" -initrd "$1/initrd.img" -append "$(cat "$1/kernel-command-line")" \
  -netdev user,id=net0 -device virtio-net-pci,netdev=net0,romfile=
