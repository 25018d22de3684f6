# SPDX-License-Identifier: GPL-2.0-only
"""The source files in the order in which a reviewer reads them, and where their code runs."""

import re

K, A = "kernel/kexec/", "arch/arm64/kexec/"

# Each file of the folders is in one group: doc-tables.py fails otherwise.
GROUPS = (
    ("Images and the lock",
     "state.c lock.c image.c", "asm-offsets.c"),
    ("System calls and files",
     "syscall.c sysctl.c file.c read.c signature.c ima_list.c purgatory.c",
     "image_load.c lib/image_header.c fdt_collect.c lib/fdt.c lib/fdt_memrsv.c ima.c"),
    ("Segments and their memory",
     "segment.c usable.c lib/range_map.c zone.c placement.c contig.c buddy_search.c free_hint.c "
     "pages.c runs.c lib/extent.c", ""),
    ("Preparation of the exit", "", "prepare.c trans_pgd.c"),
    ("Digests", "verify.c digest.c", ""),
    ("Hotplug and reservations", "hotplug.c", "memreserve.c"),
    ("A reboot",
     "reboot.c",
     "shutdown_cpus.c exit.c cache.c cpu_reset.S exit_macros.S relocate.S el2_vectors.S fault.c "
     "efi_tables.c"),
    ("A panic",
     "crash.c crash_notes.c vmcore_info.c crash_vmcoreinfo.c crash_cma.c crash_elfcorehdr.c "
     "lib/elfcore.c",
     "crash_stop.c crash_save_regs.S vmcore_info.c pkvm_ranges.c"),
    ("The crash reservation",
     "crash_reserve.c lib/crashkernel_param.c crash_size.c crash_grow.c crash_protect.c",
     "protect.c"),
    ("The capture kernel", "timeline_notes.c", "oldmem.c"),
    ("Files of sysfs and the timeline",
     "sysfs.c refusal.c ready.c timeline.c lib/timeline_abi.c timeline_sysfs.c", "counter.c"),
    ("Packed kernels", "",
     "unpack.c lib/image_unpack.c inflate.c unpack_block.c lib/image_blocks.c unpack_lzma.c "
     "unpack_xz.c unpack_zstd.c"),
    ("Unified kernel images", "uki.c lib/uki.c lib/pe.c", ""),
    ("Initrds", "initrd.c initrd_run.c initrd_pack.c lib/initrd_cpio.c", ""),
    ("Tests", "debug.c", "debug.c"),
)

# Section of a function, by its attribute or the directive of assembly
SECTIONS = (("panic", r"__kexec_panic\b|\.text\.unlikely\.kexec_panic"),
            ("boot", r"__init\b"),
            ("idmap", r"\.idmap\.text"),
            ("relocation page", r"\.kexec_relocate\.text"),
            ("EL2", r"SYM_CODE_START\(trans_pgd_stub_vectors\)"))
FUNCTION = re.compile(r"^[A-Za-z_][^;{}#=]*\([^;{}]*\)[^;{}()]*\n\{", re.M)
COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/|//[^\n]*', re.S)


def groups():
    """(title, paths) of each group."""
    for title, policy, machine in GROUPS:
        yield title, [K + name for name in policy.split()] + [A + name for name in machine.split()]


def complaints(paths):
    """Files that are in no group or in two, and files of groups that do not exist."""
    listed = [path for _, names in groups() for path in names]
    for path in sorted(set(listed) | set(paths)):
        if listed.count(path) != 1 or path not in paths:
            yield (f"doc_sources.py: {path} is in {listed.count(path)} groups" if path in paths
                   else f"doc_sources.py: there is no {path}")


def code(path, text):
    """Where the code of a file runs: sections of its functions, "task" for those without."""
    text = COMMENT.sub(lambda m: m[1] or " ", text)
    if path.endswith(".S"):
        found = {name for name, regex in SECTIONS if re.search(regex, text)}
    else:
        found = set()
        for function in FUNCTION.findall(text):
            of = {name for name, regex in SECTIONS if re.search(regex, function)}
            found |= of or {"task"}
    order = ["task", *(name for name, _ in SECTIONS)]
    return ", ".join(sorted(found, key=order.index)) or "-"
