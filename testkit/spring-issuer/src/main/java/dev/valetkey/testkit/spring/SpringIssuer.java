package dev.valetkey.testkit.spring;

import jakarta.servlet.Filter;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * The process: Spring's filters in a Tomcat on 127.0.0.1. Its only argument is the port; {@code
 * ready} on standard output says that it answers, and a line for each token request what was asked.
 */
public final class SpringIssuer {
  private SpringIssuer() {}

  public static void main(String[] arguments) throws IOException, LifecycleException {
    int port = Integer.parseInt(arguments[0]);
    System.setProperty(IssuerBeans.ISSUER, "http://127.0.0.1:" + port);
    AnnotationConfigApplicationContext beans =
        new AnnotationConfigApplicationContext(IssuerBeans.class);
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("spring-issuer").toString());
    tomcat.setPort(port);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context root = tomcat.addContext("", null);
    // A context without a servlet answers 404 before any filter runs.
    Tomcat.addServlet(root, "nothing", new Nothing()).addMapping("/");
    filter(root, "log", new TokenRequestLog());
    filter(root, "spring", beans.getBean("springSecurityFilterChain", Filter.class));
    tomcat.start();
    System.out.println("ready");
    tomcat.getServer().await();
  }

  private static void filter(Context root, String name, Filter filter) {
    FilterDef definition = new FilterDef();
    definition.setFilterName(name);
    definition.setFilter(filter);
    root.addFilterDef(definition);
    FilterMap everywhere = new FilterMap();
    everywhere.setFilterName(name);
    everywhere.addURLPattern("/*");
    root.addFilterMap(everywhere);
  }
}
