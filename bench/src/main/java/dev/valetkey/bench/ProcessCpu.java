package dev.valetkey.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * CPU time of any process of this user, of all its threads, in nanoseconds. The files under {@code
 * /proc} count in steps of 10 ms, which is most of a window.
 */
final class ProcessCpu {
  @SuppressWarnings("restricted") // native access is what this is about
  private static final MethodHandle CLOCK_GETTIME =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

  /** Linux: {@code CPUCLOCK_SCHED}, the exact one, of the process in the upper bits. */
  private static final int EXACT = 2;

  private ProcessCpu() {}

  /** Nanoseconds of CPU that the process has used so far; throws when it is gone. */
  static long nanos(long pid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
      int failed = (int) CLOCK_GETTIME.invokeExact(((int) ~pid << 3) | EXACT, time);
      if (failed != 0) {
        throw new IllegalStateException("process " + pid + " is gone");
      }
      return time.getAtIndex(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L
          + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime", e);
    }
  }
}
