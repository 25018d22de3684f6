/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kexec

#if !defined(_TRACE_KEXEC_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KEXEC_H

#include <linux/tracepoint.h>

/* A load or an unload ended, well or not. */
TRACE_EVENT(kexec_load,
	TP_PROTO(bool crash, bool file_mode, unsigned int nr_segments,
		 u64 entry_pa, int ret),
	TP_ARGS(crash, file_mode, nr_segments, entry_pa, ret),
	TP_STRUCT__entry(
		__field(bool, crash)
		__field(bool, file_mode)
		__field(unsigned int, nr_segments)
		__field(u64, entry_pa)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->crash = crash;
		__entry->file_mode = file_mode;
		__entry->nr_segments = nr_segments;
		__entry->entry_pa = entry_pa;
		__entry->ret = ret;
	),
	TP_printk("type=%s by=%s segments=%u entry=%#llx ret=%d",
		  __entry->crash ? "crash" : "reboot",
		  __entry->file_mode ? "file" : "segments",
		  __entry->nr_segments, __entry->entry_pa, __entry->ret)
);

/* A segment is complete: its destination and the bytes to copy. */
TRACE_EVENT(kexec_segment,
	TP_PROTO(unsigned int seg, u64 dst_pa, u64 bytes, u64 copied),
	TP_ARGS(seg, dst_pa, bytes, copied),
	TP_STRUCT__entry(
		__field(unsigned int, seg)
		__field(u64, dst_pa)
		__field(u64, bytes)
		__field(u64, copied)
	),
	TP_fast_assign(
		__entry->seg = seg;
		__entry->dst_pa = dst_pa;
		__entry->bytes = bytes;
		__entry->copied = copied;
	),
	TP_printk("segment=%u dst=%#llx bytes=%llu to_copy=%llu",
		  __entry->seg, __entry->dst_pa, __entry->bytes,
		  __entry->copied)
);

/* The way out, step by step; the time stamp of each entry is the figure. */
TRACE_EVENT(kexec_phase,
	TP_PROTO(const char *phase),
	TP_ARGS(phase),
	TP_STRUCT__entry(
		__string(phase, phase)
	),
	TP_fast_assign(
		__assign_str(phase);
	),
	TP_printk("phase=%s", __get_str(phase))
);

#endif /* _TRACE_KEXEC_H */

#include <trace/define_trace.h>
