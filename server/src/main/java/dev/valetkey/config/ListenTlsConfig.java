package dev.valetkey.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Mutual TLS for Envoys that come over the network. All files are read again when they change. */
public record ListenTlsConfig(
    @Key(doc = "PEM file with the certificate that we show, and its chain", form = Form.CA_FILE)
        Path certFile,
    @Key(doc = "PEM file with its private key (PKCS #8)", form = Form.SECRET_FILE) Path keyFile,
    @Key(
            doc = "PEM bundle of the certificate authorities that sign the callers' certificates",
            form = Form.CA_FILE)
        Path clientCaFile,
    @Key(
            doc =
                "names of the callers that are let in: a DNS name or a URI, such as a SPIFFE ID, of their certificate",
            filled = true)
        List<String> clientNames) {
  public ListenTlsConfig {
    clientNames = List.copyOf(clientNames);
  }

  /** Every file that is named here. */
  Stream<Path> files() {
    return Stream.of(certFile, keyFile, clientCaFile);
  }
}
