package dev.valetkey.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;

/**
 * A program that stands for an agent's process: run in a pod and under an agent's uid, it dials
 * whatever a test asks it to, and hands the connection's bytes on. It uses nothing but the JDK, so
 * that its one class file can lie where every uid can read it.
 *
 * <p>A test connects, says {@code tcp ADDRESS PORT} or {@code udp ADDRESS PORT} in a line, and
 * reads a line: {@code open}, after which every byte goes through, or what went wrong.
 */
public final class Door {
  private Door() {}

  /** Arguments: the address to listen on. Prints the port. */
  public static void main(String[] args) throws IOException {
    try (ServerSocket listener = new ServerSocket(0, 64, InetAddress.getByName(args[0]))) {
      System.out.println("port " + listener.getLocalPort());
      while (true) {
        Socket caller = listener.accept();
        Thread.ofPlatform().daemon().start(() -> serve(caller));
      }
    }
  }

  private static void serve(Socket caller) {
    try (caller) {
      String[] wish = line(caller.getInputStream()).split(" ", 3);
      InetSocketAddress target = new InetSocketAddress(wish[1], Integer.parseInt(wish[2]));
      switch (wish[0]) {
        case "tcp" -> relay(caller, target);
        default -> say(caller, datagram(target));
      }
    } catch (IOException otherSideLeft) {
      // The caller sees its connection closed.
    }
  }

  private static void relay(Socket caller, InetSocketAddress target) throws IOException {
    try (Socket dialled = new Socket()) {
      try {
        dialled.connect(target, 10_000);
      } catch (IOException refused) {
        say(caller, String.valueOf(refused.getMessage()));
        return;
      }
      dialled.setTcpNoDelay(true);
      caller.setTcpNoDelay(true);
      say(caller, "open");
      Thread answers = Thread.ofPlatform().daemon().start(() -> copy(dialled, caller));
      copy(caller, dialled);
      answers.join();
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends a datagram and waits a moment for an answer, of the network at least. */
  private static String datagram(InetSocketAddress target) {
    try (DatagramChannel channel = DatagramChannel.open()) {
      channel.socket().setSoTimeout(2000);
      channel.connect(target);
      channel.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)));
      channel.socket().receive(new DatagramPacket(new byte[100], 100));
      return "answered";
    } catch (IOException refused) {
      return String.valueOf(refused.getMessage());
    }
  }

  /** Until one side ends; the other then learns it. */
  private static void copy(Socket from, Socket to) {
    try {
      byte[] buffer = new byte[8192];
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        out.flush();
      }
      to.shutdownOutput();
    } catch (IOException broken) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      // Closed is what was wanted.
    }
  }

  private static void say(Socket caller, String text) throws IOException {
    caller.getOutputStream().write((text + "\n").getBytes(StandardCharsets.US_ASCII));
    caller.getOutputStream().flush();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      line.append((char) b);
    }
    return line.toString();
  }
}
