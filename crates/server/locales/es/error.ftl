# Qué ha fallado y qué hacer.

error-detail = Para desarrolladores

error-bad-link-heading = Este enlace no funciona
error-bad-link-what = La aplicación te ha enviado aquí con un enlace al que le falta o le sobra algo.
error-bad-link-do = Vuelve a la aplicación y empieza de nuevo. Si vuelve a pasar, sus desarrolladores deben saberlo.

error-busy-heading = Demasiada gente a la vez
error-busy-what = Ahora mismo no hay sitio para tu inicio de sesión. No se ha cambiado nada.
error-busy-do = Espera un minuto y vuelve a intentarlo.

error-cross-site-heading = Esto no venía de nuestra página
error-cross-site-what = Otro sitio ha intentado abrir esta página o enviar este formulario por ti, así que no se ha hecho nada.
error-cross-site-do = Si querías iniciar sesión, vuelve a la aplicación y empieza allí de nuevo.

error-expired-heading = Este inicio de sesión ha terminado
error-expired-what = Ya se había completado o estuvo abierto demasiado tiempo. No se puede hacer nada más con él.
error-expired-do = Si todavía no has iniciado sesión, vuelve a la aplicación y empieza de nuevo.

error-form-stale-heading = Este formulario ha caducado
error-form-stale-what = No pertenece a la sesión actual de este navegador. No se ha cambiado nada.
error-form-stale-do = Vuelve atrás y empieza de nuevo. Si vuelve a pasar, permite las cookies de este sitio.

error-internal-heading = Algo ha fallado aquí
error-internal-what = El fallo es nuestro, no tuyo. No se ha cambiado nada.
error-internal-do = Vuelve a intentarlo dentro de un momento.

error-not-a-page-heading = Esta página no se puede volver a cargar
error-not-a-page-what = Era la respuesta a un formulario que ya no existe. Cargarla no ha cambiado nada.
error-not-a-page-do = Usa el botón Atrás de tu navegador, o vuelve a la aplicación y empieza de nuevo.

error-other-device-heading = Este inicio de sesión pertenece a otro navegador
error-other-device-what = Se abrió antes en otro sitio, así que se ha detenido por seguridad.
error-other-device-do = Vuelve a la aplicación y empieza de nuevo, todo en un mismo navegador.

error-passwords-elsewhere-heading = Las contraseñas no se ponen aquí
error-passwords-elsewhere-what = Las cuentas de este servidor tienen sus contraseñas en otro lugar.
error-passwords-elsewhere-do = Pregunta a quien gestiona tu cuenta.

error-too-many-heading = Demasiadas peticiones
error-too-many-what = Desde tu red han llegado más peticiones de las que aceptamos a la vez.
error-too-many-do = Espera unos minutos y vuelve a intentarlo.
